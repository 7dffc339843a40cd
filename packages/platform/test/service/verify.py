"""Verifies signed user tokens as docs/service-token.md tells, with nothing but the standard library.

Reads the vectors' file named on the command line and prints one line of JSON a vector:
the reason for refusal, or the user.
"""

import base64
import binascii
import hashlib
import hmac
import json
import re
import sys

UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SERVICE = r"[a-z][a-z0-9-]{0,62}"
FORM = re.compile(
    r"(bu1\.([0-9a-f]{8})\.([1-9][0-9]{0,11})\.([0-9a-f]{32})\.(%s)\.(%s)\.(%s)\.(%s|\*)"
    r"\.(account|api_key|service|job|operator|agent)\.(%s)\.(%s|-)\.([A-Za-z0-9_-]+)\.([0-9a-f]{64}))\.([0-9a-f]{64})"
    % (SERVICE, SERVICE, UUID, UUID, UUID, UUID)
)
PERMISSION = re.compile(r"[a-z][a-z0-9_-]*:[a-z][a-z0-9_-]*\.[a-z][a-z0-9_-]*")


class Refused(Exception):
    pass


def digest_of_call(method, target, body):
    """Method, target and SHA-256 of the body, each after its length in 4 bytes, most significant first."""
    digest = hashlib.sha256()
    for part in (method.encode(), target.encode(), hashlib.sha256(body).digest()):
        digest.update(len(part).to_bytes(4, "big") + part)
    return digest.hexdigest()


def permissions_of(text):
    if text == "-":
        return []
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except binascii.Error:
        raise Refused("malformed") from None
    if base64.urlsafe_b64encode(raw).rstrip(b"=").decode() != text:
        raise Refused("malformed")
    listed = raw.decode("latin-1").split(",")
    if not all(PERMISSION.fullmatch(one) for one in listed):
        raise Refused("malformed")
    if any(left >= right for left, right in zip(listed, listed[1:])):
        raise Refused("malformed")
    return listed


def verify(token, call, *, audience, keys, now, taken):
    if token == "":
        raise Refused("missing")
    found = FORM.fullmatch(token) if len(token) <= 8192 else None
    if found is None:
        raise Refused("malformed")
    payload, kid, issued, jti, issuer, meant_for, tenant, company, kind, actor, behalf, listed, request, mac = found.groups()
    permissions = permissions_of(listed)
    if kind == "agent" and behalf == "-":
        raise Refused("malformed")
    key = keys.get(kid)
    if key is None:
        raise Refused("key_unknown")
    expected = hmac.new(bytes.fromhex(key["secret"]), payload.encode("ascii"), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected, mac):
        raise Refused("mac_wrong")
    if issuer != key["issuer"]:
        raise Refused("issuer_wrong")
    if meant_for != audience:
        raise Refused("audience_wrong")
    if int(issued) > now + 5:
        raise Refused("early")
    if int(issued) + 60 <= now:
        raise Refused("expired")
    if request != digest_of_call(call["method"], call["target"], bytes.fromhex(call["bodyHex"])):
        raise Refused("request_differs")
    if (issuer, jti) in taken:
        raise Refused("replayed")
    taken.add((issuer, jti))
    user = {"tenant": tenant, "actor": {"kind": kind, "id": actor}, "permissions": permissions}
    if company != "*":
        user["company"] = company
    if behalf != "-":
        user["actor"]["onBehalfOf"] = behalf
    return user


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        vectors = json.load(file)
    keys = {key["id"]: key for key in vectors["keys"]}
    for vector in vectors["accepted"] + vectors["refused"]:
        try:
            user = verify(
                vector["token"], vector["call"], audience=vectors["audience"], keys=keys, now=vectors["now"], taken=set()
            )
            print(json.dumps({"user": user}))
        except Refused as reason:
            print(json.dumps({"reason": str(reason)}))


if __name__ == "__main__":
    main()
