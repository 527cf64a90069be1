# Runs in the store's image: uploads every file below $UPLOAD to $BUCKET, under its path below $UPLOAD, and reads each one back.
set -eu

export MC_HOST_store="http://${ACCESS_KEY}:${SECRET_KEY}@${ENDPOINT}"

digest() { # of standard input
    sum=$(sha256sum)
    echo "${sum%% *}"
}

publish() { # one file
    key="${BUCKET}/${1#"$UPLOAD"/}"
    wanted=$(digest < "$1")
    if mc stat --quiet "store/${key}" > /dev/null 2>&1; then
        what="already published"
    else
        mc cp --quiet "$1" "store/${key}" > /dev/null
        what="published"
    fi
    found=$(mc cat "store/${key}" | digest)
    if [ "$found" != "$wanted" ]; then
        echo "s3://${key} already holds other bytes (sha256 ${found}, here ${wanted}): a published model never changes." \
            "Give the new one a file name of its own and write its address as source of the model's entry." >&2
        exit 1
    fi
    echo "${what}: s3://${key} sha256 ${wanted}"
    published=$((published + 1))
}

publish_below() { # a folder; the image has no find
    for path in "$1"/*; do
        if [ -d "$path" ]; then
            publish_below "$path"
        elif [ -f "$path" ]; then
            publish "$path"
        fi
    done
}

published=0
publish_below "$UPLOAD"
[ "$published" -gt 0 ] || { echo "the weights image holds no file in /weights" >&2; exit 1; }
