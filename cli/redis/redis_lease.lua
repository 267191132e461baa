-- redis_lease.lua - who may act upon a cluster: one healthd at a time, each with a greater fencing number.
--
-- KEYS  lease, fencing
-- ARGV  task: "hold" takes the lease where it is free and renews it where it is ours; "drop" gives ours up
--       who asks, its life in ms
-- Gives 1 if it is ours now, and its fencing number.
local lease, fencing = KEYS[1], KEYS[2]
local holder = redis.call('GET', lease)

if ARGV[1] == 'drop' then
    if holder == ARGV[2] then
        redis.call('DEL', lease)
    end
    return {0, 0}
end
if holder and holder ~= ARGV[2] then
    return {0, 0}
end
if not holder then
    redis.call('INCR', fencing)
end
redis.call('SET', lease, ARGV[2], 'PX', ARGV[3])
return {1, tonumber(redis.call('GET', fencing))}
