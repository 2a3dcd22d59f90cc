# Sourced by tests/run and .ci/run: run named steps, count what they report, print one closing line.
#
# A step is a command. How its tests are counted is said by its kind:
#   criterion   the "Synthesis" line      pytest  the summary line
#   counted     a line "N passed, M failed" as its last line
#   plain       one test: the exit status
# A step that says "skipped: why" and counts nothing is skipped. One that reports nothing countable, or exits non-zero without a failed test, fails.

steps_passed=0
steps_failed=0
steps_skipped=0
steps_failures=""
steps_logs=${MERIDIAN_TEST_LOGS:-$(mktemp -d /tmp/meridian-logs-XXXXXX)}
mkdir -p "$steps_logs"

steps_number() { # pattern file: the last number that stands before (pytest) or behind a word
    grep -oE "$1" "$2" | tail -n 1 | grep -oE '[0-9]+' || echo 0
}

step() { # kind name command…
    local kind=$1 name=$2 log passed=0 failed=0 status=0 started=$SECONDS
    shift 2
    log="$steps_logs/$(echo "$name" | tr -c 'a-zA-Z0-9\n' '-').log"
    "$@" >"$log" 2>&1 || status=$?
    case $kind in
    criterion)
        passed=$(steps_number 'Passing: [0-9]+' "$log")
        failed=$(($(steps_number 'Failing: [0-9]+' "$log") + $(steps_number 'Crashing: [0-9]+' "$log")))
        ;;
    pytest)
        passed=$(tail -n 3 "$log" >"$log.tail" && steps_number '[0-9]+ passed' "$log.tail")
        failed=$(($(steps_number '[0-9]+ failed' "$log.tail") + $(steps_number '[0-9]+ error' "$log.tail")))
        rm -f "$log.tail"
        ;;
    counted)
        passed=$(steps_number '[0-9]+ passed' "$log")
        failed=$(steps_number '[0-9]+ failed' "$log")
        ;;
    plain)
        if [ "$status" = 0 ]; then passed=1; else failed=1; fi
        ;;
    esac
    if [ "$status$passed$failed" = 000 ] && grep -q 'skipped: ' "$log"; then
        steps_skipped=$((steps_skipped + 1))
        printf '%-44s %s\n' "$name" "$(grep -o 'skipped: .*' "$log" | tail -n 1)"
        return 0
    fi
    if [ "$failed" = 0 ] && { [ "$status" != 0 ] || [ "$passed" = 0 ]; }; then
        failed=1
    fi
    steps_passed=$((steps_passed + passed))
    steps_failed=$((steps_failed + failed))
    printf '%-44s %5d passed %3d failed %5d s\n' "$name" "$passed" "$failed" $((SECONDS - started))
    if [ "$failed" != 0 ]; then
        steps_failures="$steps_failures $name ($log);"
        tail -n 40 "$log" | sed 's/^/    /'
    fi
}

# Something everything else stands on: without it there is nothing to test.
step_or_stop() { # name command…
    local name=$1 log started=$SECONDS
    shift
    log="$steps_logs/$(echo "$name" | tr -c 'a-zA-Z0-9\n' '-').log"
    if ! "$@" >"$log" 2>&1; then
        tail -n 40 "$log" | sed 's/^/    /'
        echo "$0: $name failed; the whole output is in $log"
        echo "$steps_passed passed, $((steps_failed + 1)) failed"
        exit 1
    fi
    printf '%-44s %28d s\n' "$name" $((SECONDS - started))
}

steps_finish() {
    [ -z "$steps_failures" ] || echo "failed:$steps_failures"
    if [ "$steps_skipped" = 0 ]; then
        echo "$steps_passed passed, $steps_failed failed"
    else
        echo "$steps_passed passed, $steps_failed failed, $steps_skipped skipped"
    fi
    [ "$steps_failed" = 0 ] && [ "$steps_passed" -gt 0 ]
}
