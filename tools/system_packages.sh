#!/bin/sh
# Install the system packages that are named as arguments, where this machine has apt and this user may use it.
# Elsewhere say what to install and what goes without it. Never fails: what needs a package says so itself.
#
#     tools/system_packages.sh course    # what `make` uses
#     tools/system_packages.sh test      # and what the tests use on top of that
set -u

packages="bubblewrap dataset-fashion-mnist"
[ "${1:-course}" = test ] && packages="$packages chromium fonts-dejavu-core postgresql strace"

is_there() {
    case "$1" in
    bubblewrap) command -v bwrap ;;
    strace) command -v strace ;;
    postgresql) ls /usr/lib/postgresql/*/bin/initdb || command -v initdb ;;
    chromium) command -v chromium || command -v chromium-browser || command -v google-chrome ;;
    dataset-fashion-mnist) [ -e /usr/share/datasets/fashion-mnist/train-images-idx3-ubyte.gz ] ;;
    fonts-dejavu-core) [ -e /usr/share/fonts/truetype/dejavu/DejaVuSans.ttf ] || [ "$(uname)" != Linux ] ;;
    esac >/dev/null 2>&1
}

what_for() {
    case "$1" in
    bubblewrap) echo "the sandbox in which submissions run" ;;
    chromium) echo "the browser tests of the site, which are skipped without it" ;;
    dataset-fashion-mnist) echo "Fashion-MNIST offline; without it the data are downloaded" ;;
    postgresql) echo "the tests of a gradebook on a database server, which are skipped without it" ;;
    strace) echo "the test that looks at what a graded submission opens" ;;
    fonts-dejavu-core) echo "letters in the browser tests" ;;
    esac
}

missing=""
for package in $packages; do
    is_there "$package" || missing="$missing $package"
done
[ -z "$missing" ] && exit 0

if command -v apt-get >/dev/null 2>&1; then
    as_root=""
    [ "$(id -u)" = 0 ] || as_root="sudo -n"
    if $as_root true >/dev/null 2>&1; then
        echo "Installing with apt:$missing"
        # shellcheck disable=SC2086
        { $as_root apt-get update -qq &&
            $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing; } \
            >/dev/null 2>&1 || echo "apt could not install all of them."
    fi
fi

for package in $missing; do
    is_there "$package" || echo "Not here: $package ($(what_for "$package"))."
done
exit 0
