import { Argument, Command } from "commander";
import type { CommandContext } from "../../context.js";

/** The word before the words that are to be completed: what the shells' scripts call. */
export const COMPLETE = "__complete";

/** Bash has `=` and `:` for words of their own, and puts what completes a word behind the last of them. */
const BASH = `_fairlead() {
  local word description last="" kept="" joins=""
  local -a words=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    if [[ -n $joins || $word == [=:]* ]]; then
      last+=$word
    else
      words+=("$last")
      last=$word
    fi
    if [[ $word == [=:]* ]]; then joins=yes; else joins=""; fi
  done
  [[ $last == *[=:]* ]] && kept=\${last%"\${last##*[=:]}"}
  COMPREPLY=()
  while IFS=$'\\t' read -r word description; do
    COMPREPLY+=("\${word#"$kept"}")
  done < <("\${COMP_WORDS[0]}" ${COMPLETE} "\${words[@]:1}" "$last" 2>/dev/null)
}
complete -o default -F _fairlead fairlead
`;

const ZSH = `#compdef fairlead
_fairlead() {
  local word description
  local -a candidates
  while IFS=$'\\t' read -r word description; do
    candidates+=("\${word//:/\\\\:}:$description")
  done < <("$words[1]" ${COMPLETE} "\${(@)words[2,CURRENT]}" 2>/dev/null)
  if (( \${#candidates} )); then
    _describe fairlead candidates
  else
    _files
  fi
}
compdef _fairlead fairlead
`;

const FISH = `function __fairlead_complete
  set -l words (commandline -opc) (commandline -ct)
  set -l found ($words[1] ${COMPLETE} $words[2..-1] 2>/dev/null)
  if test (count $found) -gt 0
    printf '%s\\n' $found
  else
    __fish_complete_path (commandline -ct)
  end
end
complete -c fairlead -f -a '(__fairlead_complete)'
`;

const SCRIPTS = { bash: BASH, zsh: ZSH, fish: FISH } as const;

const HELP = `
Put the script where the shell looks for completions, or load it in the startup file of the shell:
  bash  eval "$(fairlead completion bash)"
  zsh   eval "$(fairlead completion zsh)"
  fish  fairlead completion fish | source

Examples:
  $ fairlead completion bash
  $ fairlead completion fish`;

/** `fairlead completion`. */
export function completionCommand({ stdout }: CommandContext): Command {
  return new Command("completion")
    .description(
      "print a script that completes commands, options, pods and names of resources in a shell",
    )
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(SCRIPTS)))
    .addHelpText("after", HELP)
    .action((shell: keyof typeof SCRIPTS) => {
      stdout.write(SCRIPTS[shell]);
    });
}
