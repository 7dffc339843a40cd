"""A SAML identity provider made of pysaml2 and xmlsec1, which nobody here wrote, for the tests.

It is started with a folder for its keys and prints {"url": …} when it answers. Everybody signs in by a name alone:
what is tested is the service, not the provider.
"""

import base64
import html
import json
import subprocess
import sys
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT
from saml2.config import IdPConfig
from saml2.metadata import entity_descriptor
from saml2.saml import NAMEID_FORMAT_PERSISTENT, NameID
from saml2.server import Server
from saml2.sigver import get_xmlsec_binary, verify_redirect_signature

folder = Path(sys.argv[1])
server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
base = f"http://127.0.0.1:{server.server_address[1]}"
service_metadata: list[str] = []

PASSWORD = "urn:oasis:names:tc:SAML:2.0:ac:classes:PasswordProtectedTransport"


def make_key(name: str, days: int = 3650) -> None:
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-sha256", "-subj", f"/CN={name}"]
    files = ["-keyout", f"{folder}/{name}.key", "-out", f"{folder}/{name}.crt", "-days", str(days)]
    subprocess.run([*command, *files], check=True, capture_output=True)


def provider(key: str, minutes: int, signed_requests: bool = True) -> Server:
    config = {
        "entityid": f"{base}/metadata",
        "xmlsec_binary": get_xmlsec_binary(["/usr/bin"]),
        "key_file": f"{folder}/{key}.key",
        "cert_file": f"{folder}/{key}.crt",
        "metadata": {"inline": service_metadata},
        "service": {
            "idp": {
                "endpoints": {
                    "single_sign_on_service": [
                        (f"{base}/sso", BINDING_HTTP_REDIRECT),
                        (f"{base}/sso", BINDING_HTTP_POST),
                    ]
                },
                "want_authn_requests_signed": signed_requests,
                "name_id_format": [NAMEID_FORMAT_PERSISTENT],
                "policy": {
                    "default": {
                        "lifetime": {"minutes": minutes},
                        "attribute_restrictions": None,
                        "name_form": "urn:oasis:names:tc:SAML:2.0:attrname-format:uri",
                    }
                },
            }
        },
    }
    return Server(config=IdPConfig().load(config))


def respond(wish: dict) -> str:
    """A response as the wish says; everything may be wished for that an identity provider decides."""
    session = wish.get("sessionMinutes")
    ends = (datetime.utcnow() + timedelta(minutes=session)).strftime("%Y-%m-%dT%H:%M:%SZ") if session else None
    sign = wish.get("sign", "both")
    user = wish.get("user", "ada")
    response = provider(wish.get("key", "current"), wish.get("minutes", 5)).create_authn_response(
        identity=wish.get("attributes", {"mail": [f"{user}@keel.example"], "displayName": [user.title()]}),
        in_response_to=wish.get("inResponseTo"),
        destination=wish["acs"],
        sp_entity_id=wish["audience"],
        name_id=NameID(format=wish.get("format", NAMEID_FORMAT_PERSISTENT), text=wish.get("nameId", f"id-of-{user}")),
        authn={"class_ref": wish.get("context", PASSWORD)},
        issuer=wish.get("issuer"),
        sign_response=sign in ("both", "response"),
        sign_assertion=sign in ("both", "assertion"),
        sign_alg=wish.get("signAlgorithm", "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256"),
        digest_alg=wish.get("digestAlgorithm", "http://www.w3.org/2001/04/xmlenc#sha256"),
        session_not_on_or_after=ends,
        encrypt_assertion=wish.get("encrypt", False),
    )
    return str(response)


def read_request(given: dict, binding: str):
    """HTTP-POST carries the signature in the XML, HTTP-Redirect beside it; pysaml2 checks each in its own way."""
    if binding == BINDING_HTTP_POST:
        return provider("current", 5).parse_authn_request(given["SAMLRequest"], binding)
    service = provider("current", 5, signed_requests=False)
    request = service.parse_authn_request(given["SAMLRequest"], binding)
    issuer = request.message.issuer.text
    certificates = service.metadata.certs(issuer, "any", "signing")
    if not any(verify_redirect_signature(given, service.sec.sec_backend, cert) for cert in certificates):
        raise ValueError("the signature does not verify")
    return request


def page(body: str) -> str:
    return f"<!doctype html><html lang=en><title>Sign in at the provider</title><body>{body}</body></html>"


def hidden(name: str, value: str) -> str:
    return f'<input type="hidden" name="{name}" value="{html.escape(value)}">'


class Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def answer(self, text: str, content_type: str = "text/html; charset=utf-8", status: int = 200) -> None:
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", content_type)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/metadata":
            self.answer(str(entity_descriptor(provider("current", 5).config)), "application/samlmetadata+xml")
        elif url.path == "/sso":
            self.ask(dict(fields(url.query)), BINDING_HTTP_REDIRECT)
        else:
            self.answer("", status=404)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
        if self.path == "/services":
            service_metadata[:] = [body]
            self.answer("{}", "application/json")
        elif self.path == "/respond":
            self.answer(respond(json.loads(body)), "application/xml")
        elif self.path == "/sso":
            self.ask(dict(fields(body)), BINDING_HTTP_POST)
        elif self.path == "/login":
            self.log_in(dict(fields(body)))
        else:
            self.answer("", status=404)

    def ask(self, given: dict, binding: str) -> None:
        """Verifies the request and its signature, and asks who it is."""
        try:
            request = read_request(given, binding)
        except Exception as error:  # the test reads it
            self.answer(page(html.escape(f"{type(error).__name__}: {error}")), status=400)
            return
        message = request.message
        facts = {
            "id": message.id,
            "issuer": message.issuer.text,
            "acs": message.assertion_consumer_service_url,
            "destination": message.destination,
        }
        if self.headers.get("accept") == "application/json":
            self.answer(json.dumps(facts), "application/json")
            return
        carried = hidden("request", json.dumps(facts)) + hidden("RelayState", given.get("RelayState", ""))
        field = '<label>Name <input name="user" autofocus></label>'
        self.answer(page(f'<form method="post" action="/login">{carried}{field}<button>Sign in</button></form>'))

    def log_in(self, given: dict) -> None:
        facts = json.loads(given["request"])
        xml = respond(
            {"inResponseTo": facts["id"], "acs": facts["acs"], "audience": facts["issuer"], "user": given["user"]}
        )
        message = hidden("SAMLResponse", base64.b64encode(xml.encode()).decode())
        carried = message + hidden("RelayState", given.get("RelayState", ""))
        form = f'<form method="post" action="{html.escape(facts["acs"])}">{carried}<button>Continue</button></form>'
        self.answer(page(f"{form}<script>document.forms[0].submit()</script>"))


def fields(query: str):
    return ((name, values[0]) for name, values in parse_qs(query).items())


for name, days in (("current", 3650), ("next", 3650), ("stranger", 3650)):
    make_key(name, days)
server.RequestHandlerClass = Handler
print(json.dumps({"url": base}), flush=True)
server.serve_forever()
