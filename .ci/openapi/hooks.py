"""What a random request cannot guess: in half of the cases, names of what is there, and the version in which it was
read."""

import json
import os
import random
import urllib.request

import schemathesis

# The class of each answer's status, a digit each.
COUNT = open(os.environ["OPENAPI_COUNT"], "a", encoding="ascii")

CONNECTORS = "/console/api/v1/connectors/{proxyId}"


def etag(case):
    """Of the connector as it is now; none if it cannot be read."""
    address = case.operation.base_url.rstrip("/") + CONNECTORS.format(proxyId="seeded")
    request = urllib.request.Request(address, headers={"Authorization": f"Bearer {os.environ['OPENAPI_TOKEN']}"})
    with urllib.request.urlopen(request, timeout=60) as reply:
        return json.load(reply)["etag"]


@schemathesis.hook
def before_call(context, case, kwargs):
    # A token that ends itself would end the run: the tool learns ids from replies.
    if case.path_parameters and case.path_parameters.get("id") == os.environ["OPENAPI_TOKEN_ID"]:
        case.path_parameters["id"] = "nobody"
    chosen = random.Random(repr((case.path_parameters, case.body, case.query)))
    if chosen.random() < 0.5:
        return
    if os.environ["OPENAPI_TOKEN"] and case.path.startswith(CONNECTORS):
        case.path_parameters["proxyId"] = "seeded"
        if "number" in case.path_parameters and chosen.random() < 0.8:
            case.path_parameters["number"] = "1"
        if case.headers is not None and case.method != "GET":
            case.headers["If-Match"] = etag(case)
    elif case.query and "phoneNumber" in case.query:
        case.query["phoneNumber"] = "+14155550101"
    elif case.path == "/implementedInterfaces" and case.query:
        case.query["proxyId"] = "sandbox"


@schemathesis.hook
def after_call(context, case, response):
    COUNT.write(str(response.status_code)[0])
    COUNT.flush()
