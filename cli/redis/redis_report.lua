-- redis_report.lua - the one script on the server: whatever healthd writes of a cluster, it writes here.
--
-- What is stored speaks for itself: each field of the state hash is the report's JSON, with its epoch and
-- version, and these are what a new report is compared with. So there is nothing beside the fields that
-- could drift apart from them, and who reads sees JSON only. Numbers are doubles here, exact up to 2^53;
-- the reporter takes no greater epoch, and versions have 32 bits.
--
-- An epoch older than that of the cluster's own field, or of the living reporter, may write nothing at
-- all of this cluster: so what an old connection still had on its way cannot bring back a removed node.
--
-- KEYS  state, log, reporter
-- ARGV  task: "reports" writes what is given, and keeps the reporter's key alive;
--             "whole" does the same, and what is not given is removed: the cluster has no more;
--             "gone" removes the cluster
--       epoch, the reporter's JSON, its life in ms, length of the log, channel, cluster,
--       how many fields the hash has when it is whole,
--       then for each report: field, version, JSON without "from" and "missed"
-- Gives how many reports were stored, how many were refused as older, and 1 if the hash is whole.
local state, log, reporter = KEYS[1], KEYS[2], KEYS[3]
local task, epoch, life, length = ARGV[1], tonumber(ARGV[2]), ARGV[4], ARGV[5]
local channel, cluster, fields = ARGV[6], ARGV[7], tonumber(ARGV[8])
local first_report = 9

-- Decode what is stored; nil for what is not there and for what healthd did not write.
local function decode(text)
    local fine, value = pcall(cjson.decode, text or '')
    if fine and type(value) == 'table' and type(value.epoch) == 'number' then
        return value
    end
end

local function tell(json)
    redis.call('PUBLISH', channel, json)
    redis.call('XADD', log, 'MAXLEN', '~', length, '*', 'report', json)
end

local function tell_removed(field)
    local node = string.match(field, '^node:(.*)$')
    tell('{"cluster":' .. cjson.encode(cluster) .. (node and ',"node":' .. cjson.encode(node) or '') ..
        ',"removed":true,"epoch":' .. ARGV[2] .. '}')
end

-- Store one report unless it is known (true) or older than what is stored (false).
local function store(field, version, json)
    local stored = decode(redis.call('HGET', state, field))
    local from, missed = 'unknown', version - 1
    if stored then
        local known = tonumber(stored.version) or 0
        if stored.epoch > epoch or (stored.epoch == epoch and known > version) then
            return 0, 1
        elseif stored.epoch == epoch and known == version then
            return 0, 0
        elseif stored.epoch == epoch then
            missed = version - known - 1
        end
        from = tostring(stored.state)
    end
    json = string.format('%s,"from":%s,"missed":%d}', string.sub(json, 1, -2), cjson.encode(from),
        math.max(missed, 0))
    tell(json)
    redis.call('HSET', state, field, json)
    return 1, 0
end

local holder = decode(redis.call('GET', reporter))
local latest = decode(redis.call('HGET', state, 'cluster'))
if (holder and holder.epoch > epoch) or (latest and latest.epoch > epoch) then
    return {0, math.max((#ARGV - first_report + 1) / 3, 1), 1}
end

if task == 'gone' then
    if redis.call('DEL', state, reporter) > 0 then
        tell_removed('cluster')
    end
    return {0, 0, 1}
end

-- First, because it fails without a trace where nothing can be written.
redis.call('SET', reporter, ARGV[3], 'PX', life)

local written, refused, given = 0, 0, {}
for i = first_report, #ARGV, 3 do
    local new, old = store(ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2])
    written, refused, given[ARGV[i]] = written + new, refused + old, true
end
if task == 'whole' then
    for _, field in ipairs(redis.call('HKEYS', state)) do
        if not given[field] then
            redis.call('HDEL', state, field)
            tell_removed(field)
        end
    end
    return {written, refused, 1}
end
local whole = redis.call('HLEN', state) == fields and latest and latest.epoch == epoch
return {written, refused, whole and 1 or 0}
