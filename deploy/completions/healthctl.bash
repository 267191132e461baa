# healthctl.bash - completion of healthctl for bash. Names come from the healthd that would be asked, if it
# answers within a second.

# _healthctl_server: what --server on the line says, as an option for another call.
_healthctl_server() {
    local i
    for ((i = 1; i < ${#COMP_WORDS[@]} - 1; i++)); do
        [ "${COMP_WORDS[i]}" = --server ] || continue
        # A URL is several words to bash: its colons part it.
        local url=
        for ((i += 1; i < COMP_CWORD; i++)); do
            case ${COMP_WORDS[i]} in
            =) ;;
            http | https | : | //* | [0-9]*) url+=${COMP_WORDS[i]} ;;
            *) break ;;
            esac
        done
        printf '%s\n' "--server=$url"
        return
    done
}

# _healthctl_names: CLUSTER/NODE, one a line.
_healthctl_names() {
    local server
    server=$(_healthctl_server)
    healthctl status -o name --timeout 1 ${server:+"$server"} 2>/dev/null
}

_healthctl_clusters() {
    _healthctl_names | sed 's,/.*,,' | sort -u
}

_healthctl_options() {
    local live='--server --timeout --help'
    case $1 in
    status) printf '%s\n' "$live --output --no-headers --watch" ;;
    why | diagnose) printf '%s\n' "$live --output --at" ;;
    recover | acknowledge) printf '%s\n' "$live --token-file" ;;
    task) printf '%s\n' "$live --wait-max --token-file" ;;
    events) printf '%s\n' "$live --follow --output" ;;
    matrix | check) printf '%s\n' "$live" ;;
    maint) printf '%s\n' "$live --reason --until --token-file" ;;
    replay) printf '%s\n' '--expect --html --json --at --speed --config --strict --help' ;;
    check-config | rules | trace) printf '%s\n' '--help' ;;
    esac
}

# _healthctl_arguments COMMAND: what may stand where no option does.
_healthctl_arguments() {
    case $1 in
    status | matrix | check | recover | acknowledge) _healthctl_clusters ;;
    diagnose)
        _healthctl_clusters
        compgen -f -- "$cur"
        ;;
    why)
        _healthctl_names
        _healthctl_names | sed 's,.*/,,' | sort -u
        compgen -f -- "$cur"
        ;;
    events)
        _healthctl_names
        _healthctl_clusters
        ;;
    maint)
        case $prev in
        on | off) _healthctl_names ;;
        *) printf 'on\noff\n' ;;
        esac
        ;;
    task)
        case $prev in
        run) _healthctl_clusters ;;
        *) [ "$COMP_CWORD" -eq 2 ] && printf 'run\n' ;;
        esac
        ;;
    check-config | replay) compgen -f -- "$cur" ;;
    trace)
        [ "$COMP_CWORD" -eq 2 ] && printf 'info\nconvert\n'
        [ "$COMP_CWORD" -gt 2 ] && compgen -f -- "$cur"
        ;;
    esac
}

_healthctl_values() {
    case $1 in
    -o | --output)
        case $2 in
        status) printf '%s\n' table wide json yaml name ;;
        events) printf '%s\n' table json ;;
        diagnose) printf '%s\n' table json yaml ;;
        esac
        ;;
    --speed) printf '%s\n' 1 max ;;
    --token-file | --expect | --html | --config) compgen -f -- "$cur" ;;
    --server | --timeout | --at | --reason | --until | --wait-max) ;;
    *) return 1 ;;
    esac
}

_healthctl() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]} words
    COMPREPLY=()
    if [ "$COMP_CWORD" -eq 1 ]; then
        words='status why events matrix check maint diagnose recover acknowledge task check-config replay rules trace help --help --version'
    elif words=$(_healthctl_values "$prev" "$command"); then
        :
    elif [[ $cur == -* ]]; then
        words=$(_healthctl_options "$command")
    else
        words=$(_healthctl_arguments "$command")
    fi
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur")
}

complete -F _healthctl healthctl
