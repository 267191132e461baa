# healthctl.fish - completion of healthctl for fish. Names come from the healthd that would be asked, if it
# answers within a second.

function __healthctl_names
    set -l words (commandline -opc)
    set -l server
    set -l place (contains -i -- --server $words)
    and set server --server=$words[(math $place + 1)]
    healthctl status -o name --timeout 1 $server 2>/dev/null
end

function __healthctl_clusters
    __healthctl_names | string replace -r '/.*' '' | sort -u
end

set -l commands status why events matrix check maint diagnose recover acknowledge task check-config replay rules trace help
set -l live status why events matrix check maint diagnose recover acknowledge task
complete -c healthctl -f
set -l first "not __fish_seen_subcommand_from $commands"
complete -c healthctl -n $first -a status -d 'Show what a running healthd believes'
complete -c healthctl -n $first -a why -d 'Explain why a node is in its state'
complete -c healthctl -n $first -a events -d 'Show what has changed lately'
complete -c healthctl -n $first -a matrix -d 'Show who counts whom as a member'
complete -c healthctl -n $first -a check -d 'Say in one line how clusters are'
complete -c healthctl -n $first -a maint -d 'Say that a node is being worked on'
complete -c healthctl -n $first -a diagnose -d 'Say what is wrong, and what may be done'
complete -c healthctl -n $first -a recover -d 'Have agents of nodes that are down recover their positions'
complete -c healthctl -n $first -a acknowledge -d 'Say that a quick double crash was looked into'
complete -c healthctl -n $first -a task -d 'Run a command while nobody else works on the cluster'
complete -c healthctl -n $first -a check-config -d 'Say what is wrong with a configuration'
complete -c healthctl -n $first -a replay -d 'Replay traces'
complete -c healthctl -n $first -a rules -d 'Print the rules'
complete -c healthctl -n $first -a trace -d 'Look into a trace, or convert it'
complete -c healthctl -n $first -a help -d 'List the commands'
complete -c healthctl -n $first -l version -d 'Print the version'
complete -c healthctl -l help -d 'Say more'

complete -c healthctl -n "__fish_seen_subcommand_from $live" -x -l server -d 'The healthd to ask'
complete -c healthctl -n "__fish_seen_subcommand_from $live" -x -l timeout -d 'Seconds that an answer may take'
complete -c healthctl -n '__fish_seen_subcommand_from status matrix check events diagnose recover acknowledge' -a '(__healthctl_clusters)'
complete -c healthctl -n '__fish_seen_subcommand_from why events' -a '(__healthctl_names)'
complete -c healthctl -n '__fish_seen_subcommand_from status' -x -s o -l output -a 'table wide json yaml name'
complete -c healthctl -n '__fish_seen_subcommand_from status' -l no-headers -d 'No headings'
complete -c healthctl -n '__fish_seen_subcommand_from status' -l watch -d 'Stay, and redraw'
complete -c healthctl -n '__fish_seen_subcommand_from events' -x -s o -l output -a 'table json'
complete -c healthctl -n '__fish_seen_subcommand_from why diagnose' -x -s o -l output -a 'table json yaml'
complete -c healthctl -n '__fish_seen_subcommand_from events' -l follow -d 'Go on'
complete -c healthctl -n '__fish_seen_subcommand_from why replay diagnose' -x -l at -d 'The moment of a trace'
complete -c healthctl -n '__fish_seen_subcommand_from maint; and not __fish_seen_subcommand_from on off' -a 'on off'
complete -c healthctl -n '__fish_seen_subcommand_from maint; and __fish_seen_subcommand_from on off' -a '(__healthctl_names)'
complete -c healthctl -n '__fish_seen_subcommand_from maint' -x -l reason -d 'Why'
complete -c healthctl -n '__fish_seen_subcommand_from maint' -x -l until -d 'When it ends by itself'
complete -c healthctl -n '__fish_seen_subcommand_from maint recover acknowledge task' -r -F -l token-file -d 'File of the token'
complete -c healthctl -n '__fish_seen_subcommand_from task' -x -l wait-max -d 'Seconds to wait for the turn'
complete -c healthctl -n '__fish_seen_subcommand_from task; and not __fish_seen_subcommand_from run' -a run
complete -c healthctl -n '__fish_seen_subcommand_from task; and __fish_seen_subcommand_from run' -a '(__healthctl_clusters)'
complete -c healthctl -n '__fish_seen_subcommand_from replay' -r -F -l expect -d 'Compare with what was true'
complete -c healthctl -n '__fish_seen_subcommand_from replay' -r -F -l html -d 'Write a report for browsers'
complete -c healthctl -n '__fish_seen_subcommand_from replay' -l json -d 'JSON lines'
complete -c healthctl -n '__fish_seen_subcommand_from replay' -x -l speed -a '1 max' -d 'How fast'
complete -c healthctl -n '__fish_seen_subcommand_from replay' -r -F -l config -d 'Take limits from a configuration'
complete -c healthctl -n '__fish_seen_subcommand_from replay' -l strict -d 'Stop at the first problem'
complete -c healthctl -n '__fish_seen_subcommand_from trace' -a 'info convert'
complete -c healthctl -n '__fish_seen_subcommand_from why replay trace check-config diagnose' -F
