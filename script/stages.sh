# The stages of script/test, in the order they run: for each a function `has_X` (is there something to run?) and `stage_X`
# (run it; the output is a log, the exit code is the verdict). Sourced by script/test, with script/lib.sh before it.

all_stages=(checks tools web unit release e2e browser faults asan fuzz tsan tidy)
quick_stages=(checks tools web unit)

fuzz_seconds=${PIXGATE_FUZZ_SECONDS:-8}

# A stage that takes longer than this, in minutes, hangs; it is ended and counts as failed.
bound_minutes() {
    case $1 in
        unit | asan | tsan | release) echo 25 ;;
        e2e | browser | faults) echo 15 ;;
        *) echo 10 ;;
    esac
}

any_file() { compgen -G "$1" >/dev/null; }

# Python and Node tests side by side in one folder; each kind only where it has files.
run_folder() {
    local folder=$1 status=0
    if any_file "$folder/test_*.py"; then
        "$python" -m pytest -p no:cacheprovider -q -rs "$folder" || status=1
    fi
    if any_file "$folder/*.test.mjs"; then
        if [ -f "$folder/package-lock.json" ]; then
            npm ci --prefix "$folder" --no-audit --no-fund --loglevel=error || return 1
        fi
        node --test "$folder"/*.test.mjs || status=1
    fi
    return $status
}
has_tests() { any_file "$1/test_*.py" || any_file "$1/*.test.mjs"; }

# The unit tests are split over the cores; each part names its own failures.
run_unit() {
    local preset=$1 status=0 part pids=() pid
    shift
    for ((part = 0; part < jobs; part++)); do
        GTEST_TOTAL_SHARDS=$jobs GTEST_SHARD_INDEX=$part "build/$preset/pixgate_tests" --gtest_brief=1 "$@" \
            >"build/logs/$preset-unit-$part.log" 2>&1 &
        pids+=($!)
    done
    for pid in "${pids[@]}"; do wait "$pid" || status=1; done
    for ((part = 0; part < jobs; part++)); do cat "build/logs/$preset-unit-$part.log"; done
    return $status
}

has_checks() { true; }
stage_checks() { script/check; }

has_tools() { any_file 'tools/test_*.py'; }
stage_tools() { "$python" -m pytest -p no:cacheprovider -q -rs tools; }

has_web() { any_file 'web/*/test/*.test.ts'; }
stage_web() { node web/tools/install.mjs && npm --prefix web test; }

has_unit() { true; }
stage_unit() {
    configure_and_build dev || return 1
    PIXGATE_CANARY_PAIRS=${PIXGATE_CANARY_PAIRS:-3000} run_unit dev
}

has_release() { true; }
stage_release() {
    configure_and_build release || return 1
    if ! tools/check_docs --binary build/release/pixgate; then
        echo "0 passed, 1 failed"
        return 1
    fi
    echo "1 passed, 0 failed" # that documents, settings and commands agree
}

# The real binary as people get it, unless PIXGATE_BINARY names another one.
has_e2e() { has_tests tests/e2e; }
stage_e2e() {
    configure_and_build release >/dev/null || return 1
    PIXGATE_BINARY=${PIXGATE_BINARY:-$PWD/build/release/pixgate} run_folder tests/e2e
}

has_browser() { has_tests tests/browser; }
stage_browser() {
    configure_and_build release >/dev/null || return 1
    node web/tools/install.mjs || return 1
    PIXGATE_BINARY=${PIXGATE_BINARY:-$PWD/build/release/pixgate} run_folder tests/browser
}

# Failpoints are compiled into the dev build only.
has_faults() { has_tests tests/faults; }
stage_faults() {
    configure_and_build dev >/dev/null || return 1
    PIXGATE_BINARY=${PIXGATE_BINARY:-$PWD/build/dev/pixgate} run_folder tests/faults
}

lsan_options=suppressions=$PWD/tests/support/lsan.supp:print_suppressions=0

has_asan() { true; }
stage_asan() {
    configure_and_build asan || return 1
    ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1:abort_on_error=0 \
        LSAN_OPTIONS=$lsan_options UBSAN_OPTIONS=print_stacktrace=1 run_unit asan
}

has_fuzz() { any_file 'tests/fuzz/*_fuzz.cpp'; }
stage_fuzz() {
    configure_and_build asan >/dev/null || return 1
    local passed=0 failed=0 source name
    local running=()
    mkdir -p build/logs/fuzz
    for source in tests/fuzz/*_fuzz.cpp; do
        name=$(basename "$source" .cpp)
        fuzz_one "$name" >"build/logs/fuzz/$name.log" 2>&1 &
        running+=("$!:$name")
        if [ "${#running[@]}" -ge "$jobs" ]; then collect_fuzz; fi
    done
    while [ "${#running[@]}" -gt 0 ]; do collect_fuzz; done
    echo "$passed passed, $failed failed"
    [ "$failed" -eq 0 ]
}
# Seeds are read from tests/fuzz/corpus/NAME; what the run finds stays in the build folder.
fuzz_one() {
    local name=$1 found=build/logs/fuzz/$1.found
    mkdir -p "$found"
    local folders=("$found")
    [ ! -d "tests/fuzz/corpus/${name%_fuzz}" ] || folders+=("tests/fuzz/corpus/${name%_fuzz}")
    LSAN_OPTIONS=$lsan_options "build/asan/$name" -max_total_time="$fuzz_seconds" -timeout=10 -rss_limit_mb=3000 \
        -verbosity=0 -artifact_prefix="build/logs/fuzz/$name." "${folders[@]}"
}
collect_fuzz() {
    local name=${running[0]#*:} pid=${running[0]%%:*}
    running=("${running[@]:1}")
    if wait "$pid"; then
        passed=$((passed + 1))
        echo "ok    $name"
    else
        failed=$((failed + 1))
        echo "FAIL  $name"
        tail -n 30 "build/logs/fuzz/$name.log"
    fi
}

has_tsan() { true; }
stage_tsan() {
    configure_and_build tsan || return 1
    local options=halt_on_error=1:second_deadlock_stack=1
    [ ! -f tests/support/tsan.supp ] || options+=:suppressions=$PWD/tests/support/tsan.supp
    TSAN_OPTIONS=$options run_unit tsan
}

has_tidy() { [ -x tools/run_tidy ]; }
stage_tidy() {
    configure_and_build dev >/dev/null || return 1
    tools/run_tidy --all --budget-s "${PIXGATE_TIDY_BUDGET_S:-300}"
}
