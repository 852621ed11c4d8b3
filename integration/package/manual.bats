#!/usr/bin/env bats
# The manual pages and the completion say what the programs and schemas say: nothing less, and nothing that is not there.
# shellcheck disable=SC2154 # bats sets output, stderr and status

load helpers

setup_file() {
  "$BATS_TEST_DIRNAME/commands" "$HARDENED_STAGE/bin/hardenctl" >"$BATS_FILE_TMPDIR/commands"
}

PAGES=$HARDENED_SOURCE/integration/package/man
SCHEMAS=$HARDENED_SOURCE/profiles/schemas

# commands: those that do something, which are those that no other command's name goes on from.
commands() { cut -d: -f1 "$BATS_FILE_TMPDIR/commands" | grep . | sort -u | awk '
  { names[NR] = $0 }
  END { for (i = 1; i <= NR; i++) if (index(names[i + 1], names[i] " ") != 1) print names[i] }'; }

# options_of COMMAND: as the manual writes them: "-json".
options_of() { sed -n "s/^$1:-\(-*[a-z-]*\):.*/\1/p" "$BATS_FILE_TMPDIR/commands" | grep -vxE 'h|-help' | sort -u; }

# section_of COMMAND: what the page says of it.
section_of() {
  awk -v heading=".Ss hardenctl $1" '/^\.S[hs] /{ inside = $0 == heading } inside' "$PAGES/hardenctl.8"
}

# documented COMMAND: the options that its section has.
documented() { section_of "$1" | grep -oE '(Fl|\|) -?[a-z-]+' | sed 's/.* //' | sort -u; }

# keys SCHEMA: the names of all members that it knows, at any depth.
keys() { jq -r '[.. | objects | .properties? // empty | keys[]] | unique[]' "$SCHEMAS/$1.schema.json"; }

# values SCHEMA: the words that a member may be.
values() { jq -r '[.. | objects | .enum? // empty | .[] | strings] | unique[]' "$SCHEMAS/$1.schema.json"; }

# tags PAGE: what its lists explain, a word each. Two may share a line.
tags() { sed -n 's/^\.It Cm //p' "$PAGES/$1" | tr -s ' ,' '\n\n' | sort -u; }

# same WHAT ONE OTHER: two sorted lists.
same() {
  local difference
  difference=$(diff <(printf '%s\n' "$2") <(printf '%s\n' "$3")) || {
    printf '%s: only one side has\n%s\n' "$1" "$difference"
    return 1
  }
}

@test "hardenctl(8) has every command, with every option of each, and no others" {
  local command
  [ "$(commands | wc -l)" -gt 10 ]
  same "the commands of hardenctl" "$(commands)" \
    "$(sed -n 's/^\.Ss hardenctl //p' "$PAGES/hardenctl.8" | sort -u)"
  while IFS= read -r command; do
    [ -n "$(section_of "$command")" ]
    same "the options of hardenctl $command" "$(options_of "$command")" "$(documented "$command")"
  done < <(commands)
}

@test "hardenctl(8): what an option of a fixed choice takes is said" {
  local command option choice
  while IFS=: read -r command option choice; do
    [[ $choice == '{'* ]] || continue
    for word in $(tr -d '{}' <<<"$choice" | tr , ' '); do
      grep -qE "Cm .*\b$word\b|^\.(It )?Cm $word" "$PAGES/hardenctl.8" || {
        echo "hardenctl.8 lacks the choice $word of hardenctl $command $option" && false
      }
    done
  done <"$BATS_FILE_TMPDIR/commands"
}

# explains PAGE WORD: below a tag of its own, or as a word of the description.
explains() { tags "$1" | grep -qxF -- "$2"; }

@test "hardened-policy(5), hardened-profile(5) and hardened-audit(5) have every key of their schemas, and every value" {
  local page key value
  for page in policy profile audit; do
    [ "$(keys "$page" | wc -l)" -gt 10 ]
    while IFS= read -r key; do
      explains "hardened-$page.5" "$key" || { echo "hardened-$page.5 lacks the key $key" && false; }
    done < <(keys "$page")
    while IFS= read -r value; do
      grep -qE "^\.(It )?Cm (.* )?$value( |\$)" "$PAGES/hardened-$page.5" || {
        echo "hardened-$page.5 lacks the value $value" && false
      }
    done < <(values "$page")
  done
}

@test "hardened-runtime(8) has every control with its title, and no others" {
  local id title
  # The names and the levels are no controls.
  same "the controls" "$("$HARDENED_STAGE/bin/hardenctl" controls --json | jq -r '.[].id' | sort)" \
    "$(awk '/^\.Sh /{ inside = $0 == ".Sh CONTROLS" } inside && /^\.It Cm /{ print $3 }' "$PAGES/hardened-runtime.8" | sort)"
  while IFS=$'\t' read -r id title; do
    sed -n "/^\.It Cm $id\$/,/\.\$/p" "$PAGES/hardened-runtime.8" | tail -n +2 | tr '\n' ' ' | sed 's/\\&//g' |
      grep -qF -- "$title" || { echo "hardened-runtime.8 says something else of $id than: $title" && false; }
  done < <("$HARDENED_STAGE/bin/hardenctl" controls --json | jq -r '.[] | [.id, .title] | @tsv')
}

@test "hardened-profile(5) has every group of system calls" {
  same "the groups" "$(jq -r '.groups | keys[]' "$HARDENED_SOURCE/profiles/seccomp/groups.json" | sort)" \
    "$(tags hardened-profile.5 | grep '^@' | sort)"
}

@test "every path of an example file in the pages is where the programs look" {
  local path
  for path in /etc/hardened/policy.json /etc/hardened/profiles.d /var/log/hardened/audit.jsonl /var/lib/hardened/training; do
    grep -rqF "$path" "$PAGES" || { echo "no page has $path" && false; }
    # The stage has them below its own prefix.
    grep -aqF "$HARDENED_STAGE$path" "$HARDENED_STAGE/bin/hardenctl" || { echo "hardenctl does not know $path" && false; }
  done
}

@test "mandoc and man find nothing to warn of" {
  local page
  for page in "$PAGES"/*.[58]; do
    run mandoc -T lint -W warning "$page"
    [ -z "$output" ] || { echo "$output" && false; }
    run --separate-stderr env LC_ALL=C.UTF-8 MANROFFSEQ= man --warnings -E UTF-8 -l -Tutf8 -Z "$page"
    [ -z "$stderr" ] || { echo "$page: $stderr" && false; }
  done
}

# completes WORD...: what is offered for the last one.
completes() {
  bash -c 'source "$1" && shift && COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) && _hardenctl && printf "%s\n" "${COMPREPLY[@]}"' \
    completes "$HARDENED_STAGE/share/bash-completion/completions/hardenctl" "$@"
}

@test "the completion offers every command and option there is, and the choices of an option" {
  local command option offered
  while IFS=: read -r command option _; do
    [[ $option == -* ]] || continue
    # shellcheck disable=SC2086 # a command is several words
    offered=$(completes hardenctl $command -)
    grep -qxF -- "$option" <<<"$offered" || { echo "not completed: hardenctl $command $option" && false; }
  done <"$BATS_FILE_TMPDIR/commands"
  [ "$(completes hardenctl prof)" = profile ]
  [ "$(completes hardenctl audit show --verdict re)" = refused ]
  [ "$(completes hardenctl audit export --format = c)" = cef ]
  [ "$(completes hardenctl audit export --json --call '' | wc -l)" = 6 ]
  [ "$(completes hardenctl policy check --file "$PAGES/hardenctl")" = "$PAGES/hardenctl.8" ]
  [ "$(completes hardenctl profile show "$PAGES/hardenctl")" = "$PAGES/hardenctl.8" ]
  [ -z "$(completes hardenctl nonsense --file | grep -v '^$')" ]
}
