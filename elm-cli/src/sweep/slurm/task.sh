
task="${SLURM_ARRAY_JOB_ID:-0}_${SLURM_ARRAY_TASK_ID:-}"
log="$sweep/slurm/$task.log"

say() { echo "$(date '+%Y-%m-%d %H:%M:%S') task $task: $*" >&2; }

# Asks the run to save and stop. Slurm sends USR1 to this shell alone, but TERM
# to all processes of a task when it ends one; a TERM after our signal would
# end the run before it has saved, so ours waits until that has come.
ask() {
  asked=1
  [ "$1" = USR1 ] || sleep 1
  [ -z "$child" ] || kill -s USR1 "$child" 2>/dev/null
}

# Trains the run in the folder $1; the other words are the command.
train() {
  folder=$1
  shift
  before=$(wc -c <"$log" 2>/dev/null || echo 0)
  asked= child=
  trap 'ask USR1' USR1
  trap 'ask TERM' TERM
  rm -f "$folder/failed.txt"
  say "start $((${SLURM_RESTART_COUNT:-0} + 1)) on $(hostname): $folder"
  "$@" &
  child=$!
  # A signal between these two lines did not know whom to ask.
  [ -z "$asked" ] || kill -s USR1 "$child" 2>/dev/null
  while wait "$child"; code=$?; kill -0 "$child" 2>/dev/null; do :; done
  # A wait that a signal ended did not tell how the run ended; bash remembers.
  [ "$code" -le 128 ] || { wait "$child"; code=$?; }
  trap '' USR1 TERM
  case "$code" in
    0) say "done" ;;
    130) requeue ;;
    # Asked before it listened.
    138 | 143) if [ -n "$asked" ]; then requeue; else fail; fi ;;
    *) fail ;;
  esac
  exit "$code"
}

# A run that was asked to stop goes on as soon as there is room, unless its task
# is ended for good: cancelled, or out of time before it had saved.
requeue() {
  state=$(squeue --noheader --jobs="$task" --format=%T 2>/dev/null | head -n 1)
  case "$state" in
    RUNNING | SUSPENDED | "") ;;
    *) say "saved; not requeued, since Slurm is ending this task ($state); $again"; exit "$code" ;;
  esac
  if ! command -v scontrol >/dev/null; then
    say "saved; not requeued, since there is no scontrol here; $again"
    exit "$code"
  fi
  # Of the last task of an array SLURM_JOB_ID is that of the whole array.
  if answer=$(scontrol requeue "$task" 2>&1); then
    say "saved and requeued"
    exit 0
  fi
  say "saved; not requeued: ${answer##*$'\n'}; $again"
}

# Leaves word of what went wrong, where `elm sweep --status` finds it.
fail() {
  why=$(tail -c "+$((before + 1))" "$log" 2>/dev/null | sed -n '/^error: /,$p' | sed '1s/^error: //')
  if [ -z "$why" ] && [ "$code" -gt 128 ]; then
    why="ended by signal $((code - 128))"
    [ "$code" != 137 ] || why="$why (was memory short?)"
  fi
  mkdir -p "$folder" && echo "${why:-exit code $code}" >"$folder/failed.txt"
  say "failed: ${why:-exit code $code}"
}

