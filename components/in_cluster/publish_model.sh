# Runs in the store's image: uploads every file of $UPLOAD below $PREFIX (bucket/folder), and reads each one back.
set -eu

export MC_HOST_store="http://${ACCESS_KEY}:${SECRET_KEY}@${ENDPOINT}"

digest() { # of standard input
    sum=$(sha256sum)
    echo "${sum%% *}"
}

published=0
for path in "$UPLOAD"/*; do
    key="${PREFIX}/${path##*/}"
    wanted=$(digest < "$path")
    if mc stat --quiet "store/${key}" > /dev/null 2>&1; then
        what="already published"
    else
        mc cp --quiet "$path" "store/${key}" > /dev/null
        what="published"
    fi
    found=$(mc cat "store/${key}" | digest)
    if [ "$found" != "$wanted" ]; then
        echo "s3://${key} already holds other bytes (sha256 ${found}, here ${wanted}): a published model never changes." \
            "Give the new one a file name of its own and set services.<name>.model to it." >&2
        exit 1
    fi
    echo "${what}: s3://${key} sha256 ${wanted}"
    published=$((published + 1))
done
[ "$published" -gt 0 ] || { echo "the weights image holds no file in /weights" >&2; exit 1; }
