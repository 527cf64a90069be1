# Runs in the store's image. Every step may be repeated; keys travel by environment and standard input, never as arguments.
set -eu

export MC_HOST_store="http://${ROOT_USER}:${ROOT_PASSWORD}@${ENDPOINT}"

attach() { # policy and user of the same name
    answer=$(mc admin policy attach store "$1" --user "$1" 2>&1) && return
    case "$answer" in
        *"already in effect"*) ;;
        *) echo "$answer" >&2; return 1 ;;
    esac
}

mc ready store --quiet
mc mb --quiet --ignore-existing "store/${BUCKET}"
mc version enable --quiet "store/${BUCKET}"

index=0
while eval "user=\${USER_${index}:-}" && [ -n "$user" ]; do
    eval "policy=\$USER_${index}_POLICY secret=\$USER_${index}_SECRET"
    printf '%s' "$policy" > "/tmp/${user}.json"
    mc admin policy create store "$user" "/tmp/${user}.json" > /dev/null
    printf '%s\n%s\n' "$user" "$secret" | mc admin user add store > /dev/null
    attach "$user"
    echo "user ${user} is set up"
    index=$((index + 1))
done
