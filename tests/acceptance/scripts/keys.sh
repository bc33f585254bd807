#!/usr/bin/env bash
# Keys, digests, signatures; a TLS server with its client. What is random is used, not printed.
set -e
export HOME=$PWD
umask 077
if command -v openssl >/dev/null; then
    openssl speed -seconds 1 -bytes 1024 sha256 >measured 2>&1 && grep -c "^sha256" measured
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost -keyout key -out cert -days 2 2>/dev/null
    openssl x509 -in cert -noout -subject
    echo text >text
    openssl dgst -sha256 -sign key -out signature text
    openssl x509 -in cert -noout -pubkey >public
    openssl dgst -sha256 -verify public -signature signature text
    openssl enc -aes-256-cbc -pbkdf2 -k secret -in text | openssl enc -d -aes-256-cbc -pbkdf2 -k secret
    openssl s_server -accept "$1" -key key -cert cert -www >/dev/null 2>&1 &
    server=$!
    for _ in $(seq 50); do
        printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -connect "localhost:$1" -quiet -CAfile cert >page 2>/dev/null && break
        sleep 0.1
    done
    grep -c 'HTTP/1.0 200' page
    kill $server; wait $server || true
fi
if command -v ssh-keygen >/dev/null; then
    ssh-keygen -q -t ed25519 -N '' -C somebody -f id
    ssh-keygen -y -f id | cut -d ' ' -f 1
    ssh-keygen -lf id.pub | sed 's/SHA256:[^ ]*/HASH/'
    echo signed >message
    ssh-keygen -Y sign -f id -n file message 2>/dev/null && ssh-keygen -Y check-novalidate -n file -s message.sig <message | sed 's/SHA256:.*/HASH/'
fi
if command -v gpg >/dev/null; then
    mkdir gnupg; export GNUPGHOME=$PWD/gnupg
    gpg --batch --quiet --passphrase '' --quick-generate-key 'Somebody <s@example.org>' ed25519 sign 1d 2>/dev/null
    echo signed | gpg --batch --quiet --clearsign >message.asc
    gpg --batch --verify message.asc 2>&1 | grep -c 'Good signature'
    gpg --batch --list-keys --with-colons | grep -c ^pub
    gpgconf --kill all
fi
