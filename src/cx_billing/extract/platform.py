"""Talks to the vendor's platform API: OAuth client credentials, patience, and clear errors.

The connection is made by requests-oauthlib and kept patient by urllib3: a busy or failing server
is asked again, after the time it names in `Retry-After` (seconds or a date), else after a growing
pause. An answer that breaks off or is no JSON is asked for again too. A token that is no longer
accepted is replaced once. Nothing here writes a file, and no message, log or `repr` holds the
secret or a token.
"""

from __future__ import annotations

import ipaddress
import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import requests
from oauthlib.oauth2 import BackendApplicationClient, OAuth2Error, TokenExpiredError
from requests.adapters import HTTPAdapter
from requests.exceptions import ChunkedEncodingError, ContentDecodingError
from requests_oauthlib import OAuth2Session
from urllib3.exceptions import MaxRetryError
from urllib3.util.retry import Retry

CLIENT_ID = "GENESYS_CLOUD_CLIENT_ID"
CLIENT_SECRET = "GENESYS_CLOUD_CLIENT_SECRET"
REGIONS = {  # API-02: by the vendor's name of the region; the API is at api.<domain>
    "us-east-1": "mypurecloud.com",
    "us-east-2": "use2.us-gov-pure.cloud",
    "us-west-2": "usw2.pure.cloud",
    "ca-central-1": "cac1.pure.cloud",
    "sa-east-1": "sae1.pure.cloud",
    "eu-west-1": "mypurecloud.ie",
    "eu-west-2": "euw2.pure.cloud",
    "eu-central-1": "mypurecloud.de",
    "eu-central-2": "euc2.pure.cloud",
    "me-central-1": "mec1.pure.cloud",
    "mx-central-1": "mxc1.pure.cloud",
    "ap-south-1": "aps1.pure.cloud",
    "ap-southeast-1": "apse1.pure.cloud",
    "ap-southeast-2": "mypurecloud.com.au",
    "ap-northeast-1": "mypurecloud.jp",
    "ap-northeast-2": "apne2.pure.cloud",
    "ap-northeast-3": "apne3.pure.cloud",
}
TIMEOUT = (10, 120)  # seconds until connected, and between two bytes of an answer
BUSY_OR_FAILING = frozenset({408, 429, 500, 502, 503, 504})
PATIENCE = Retry(
    total=6,
    status_forcelist=BUSY_OR_FAILING,
    allowed_methods=None,  # the queries are POST, and read only
    backoff_factor=1,
    backoff_max=60,
    retry_after_max=900,
    raise_on_status=False,
)
BROKEN_ANSWERS = 4  # of one request, until it is given up
LONGEST_MESSAGE = 300
SAYS_SECRETS = ("oauthlib", "requests_oauthlib")  # their debug logs hold headers and tokens


class PlatformError(Exception):
    """The platform gave no usable answer; the message says why and what to do."""


class CredentialsError(PlatformError):
    """There are no credentials, or the platform does not accept them."""


class DeniedError(PlatformError):
    """The platform understood and said no: asking again changes nothing."""


class BadRequestError(DeniedError):
    """The platform does not do what was asked: 400 or 410."""


class NotFoundError(BadRequestError):
    """The platform does not know what was asked for: 404."""


class MissingPermissionError(DeniedError):
    """The credentials lack a permission; the rest of what they may do is not affected."""


class UnavailableError(PlatformError):
    """The platform did not answer, or not well enough, in spite of patience: try later."""


KINDS = {400: BadRequestError, 404: NotFoundError, 410: BadRequestError}


@dataclass(frozen=True)
class Credentials:
    """An OAuth client of the grant type client credentials."""

    client_id: str
    client_secret: str = field(repr=False)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Credentials:
        """Those of the environment; CredentialsError if one is missing or empty."""
        missing = [
            name for name in (CLIENT_ID, CLIENT_SECRET) if not environment.get(name, "").strip()
        ]
        if missing:
            raise CredentialsError(
                f"{' and '.join(missing)} must be set in the environment: an OAuth client of the "
                "organization, grant type client credentials. They are never taken from the "
                "command line, where others could read them."
            )
        return cls(environment[CLIENT_ID].strip(), environment[CLIENT_SECRET].strip())


@dataclass(frozen=True)
class Address:
    """Where an organization's platform is: base URLs, without a slash at the end."""

    api: str
    login: str

    @classmethod
    def of_region(cls, region: str) -> Address:
        """The hosts of a region, by its name or its domain; ValueError if there is none such."""
        name = region.strip().lower().replace("_", "-")
        domain = REGIONS.get(name, name)
        if domain not in REGIONS.values():
            known = ", ".join(f"{name} ({domain})" for name, domain in REGIONS.items())
            raise ValueError(
                f"{region!r} is no region of the vendor. There are {known}; for any other host "
                "give --api-url and --login-url"
            )
        return cls(f"https://api.{domain}", f"https://login.{domain}")

    @classmethod
    def of_urls(cls, api: str, login: str) -> Address:
        """Two base URLs; ValueError unless both are safe to send a secret to."""
        return cls(_safe(api), _safe(login))


def _safe(url: str, is_base: bool = True) -> str:
    """A URL over https, or of this very machine."""
    parts = urlsplit(url)
    if parts.username or parts.password:
        raise ValueError("a URL with a user or a password in it is not accepted")
    if not parts.hostname or (is_base and (parts.query or parts.fragment)):
        raise ValueError(f"{url!r} is no base URL; it looks like https://api.usw2.pure.cloud")
    if parts.scheme != "https" and not (parts.scheme == "http" and _is_loopback(parts.hostname)):
        raise ValueError(f"{url!r} is not https; credentials are sent encrypted or not at all")
    return url.rstrip("/") if is_base else url


@contextmanager
def _silent(name: str) -> Iterator[None]:
    """Keep a logger from naming what it asks for, other than errors."""
    logger = logging.getLogger(name)
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True)
class Answer:
    """A JSON object as it came, and what it says."""

    body: bytes
    value: dict


class Client:
    """A session with the platform; a token is fetched with the first request.

    `requests_sent` counts what was answered. Every method raises CredentialsError, DeniedError or
    UnavailableError.
    """

    def __init__(self, address: Address, credentials: Credentials):
        for name in SAYS_SECRETS:
            logging.getLogger(name).setLevel(logging.WARNING)
        if any(url.startswith("http:") for url in (address.api, address.login)):
            os.environ["OAUTHLIB_INSECURE_TRANSPORT"] = "1"  # loopback, Address has seen to it
        self._address = address
        self._credentials = credentials
        self._session = OAuth2Session(client=BackendApplicationClient(credentials.client_id))
        self._session.register_compliance_hook("access_token_response", self._checked_token)
        self._session.max_redirects = 0  # a token follows nobody
        self._session.headers["User-Agent"] = "cx-billing"
        self._session.mount("https://", HTTPAdapter(max_retries=PATIENCE))
        self._session.mount("http://", HTTPAdapter(max_retries=PATIENCE))
        self.requests_sent = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._address.api!r})"

    @property
    def domain(self) -> str:
        """The domain of the region; of another host its name."""
        return str(urlsplit(self._address.api).hostname).removeprefix("api.")

    def get(self, path: str, needs: str, **parameters: object) -> Answer:
        """What GET answers; `needs` names the permission, for the message if it is missing."""
        return self._ask("GET", path, needs, params=parameters)

    def get_list(self, path: str, needs: str, **parameters: object) -> Answer:
        """What GET answers where that may be a list: its items are the `entities` of the value."""
        return self._ask("GET", path, needs, is_list=True, params=parameters)

    def post(self, path: str, needs: str, query: dict) -> Answer:
        """What POST of a JSON query answers; `needs` as in `get`."""
        return self._ask("POST", path, needs, json=query)

    def download(self, url: str, path: str) -> bytes:
        """What lies at a URL that `path` led to; it needs no token and gets none.

        The URL itself opens the file, so no message names it.
        """
        try:
            if urlsplit(url).scheme != urlsplit(self._address.api).scheme:
                raise ValueError("from https to http")
            with requests.Session() as session, _silent("urllib3"):
                session.mount("https://", HTTPAdapter(max_retries=PATIENCE))
                session.mount("http://", HTTPAdapter(max_retries=PATIENCE))
                where = _safe(url, is_base=False)
                response = session.get(where, timeout=TIMEOUT, allow_redirects=False)
        except ValueError:
            raise DeniedError(f"GET {path}: leads to no address that is safe to ask.") from None
        except requests.RequestException as error:
            raise UnavailableError(f"GET {path}: the file: {_problem(error)}.") from None
        self.requests_sent += 1
        if response.status_code != requests.codes.ok:
            raise DeniedError(f"GET {path}: the file: {response.status_code}.")
        return response.content

    def _ask(
        self, method: str, path: str, needs: str, is_list: bool = False, **content: object
    ) -> Answer:
        """Ask until the answer is whole."""
        for attempt in range(1, BROKEN_ANSWERS + 1):
            try:
                return self._answer(method, path, needs, is_list, content)
            except (ChunkedEncodingError, ContentDecodingError, ValueError) as error:
                problem = f"the answer is cut off or no JSON object ({type(error).__name__})"
            except requests.TooManyRedirects:
                raise DeniedError(
                    f"{method} {path}: redirected elsewhere, which is not followed. "
                    "Check the region, or --api-url."
                ) from None
            except requests.RequestException as error:
                problem = _problem(error)
                if _is_exhausted(error):
                    raise UnavailableError(f"{method} {path}: {problem}.") from None
            if attempt < BROKEN_ANSWERS:
                time.sleep(2**attempt)
        raise UnavailableError(f"{method} {path}: {problem}, {BROKEN_ANSWERS} times.") from None

    def _answer(self, method: str, path: str, needs: str, is_list: bool, content: dict) -> Answer:
        """One answer, with a new token if the one at hand is no longer accepted."""
        response = self._send(method, path, content)
        if response.status_code == requests.codes.unauthorized:
            self._session.token = {}
            response = self._send(method, path, content)
        self.requests_sent += 1
        status, said = response.status_code, self._said(response)
        if status in BUSY_OR_FAILING:
            raise UnavailableError(f"{method} {path}: still {status} after many tries{said}.")
        if status == requests.codes.unauthorized:
            raise CredentialsError(f"{method} {path}: 401 with a token just issued{said}.")
        if status == requests.codes.forbidden:
            raise MissingPermissionError(
                f"{method} {path}: 403{said}. A role of the OAuth client must hold the permission "
                f"{needs}."
            )
        if not 200 <= status < 300:
            raise KINDS.get(status, DeniedError)(f"{method} {path}: {status}{said}.")
        value = json.loads(response.content)
        if is_list and isinstance(value, list):
            value = {"entities": value}
        if not isinstance(value, dict):
            raise ValueError(f"{type(value).__name__} instead of an object")
        return Answer(response.content, value)

    def _send(self, method: str, path: str, content: dict) -> requests.Response:
        if not self._session.token:
            self._log_in()
        arguments = {"timeout": TIMEOUT, **content}
        try:
            return self._session.request(method, self._address.api + path, **arguments)
        except TokenExpiredError:
            self._log_in()
            return self._session.request(method, self._address.api + path, **arguments)

    def _log_in(self) -> None:
        """Fetch a token with the credentials."""
        self._session.token = {}
        where = f"{self._address.login}/oauth/token"
        pair = (self._credentials.client_id, self._credentials.client_secret)
        try:
            self._session.fetch_token(where, auth=pair, timeout=TIMEOUT)
        except requests.TooManyRedirects:
            raise CredentialsError(
                f"{where}: redirected elsewhere, which is not followed. "
                "Check the region, or --login-url."
            ) from None
        except (OAuth2Error, ValueError) as error:
            problem = f"no token in the answer ({type(error).__name__})"
            raise UnavailableError(f"{where}: {problem}.") from None
        except requests.RequestException as error:
            raise UnavailableError(f"{where}: {_problem(error)}.") from None

    def _checked_token(self, response: requests.Response) -> requests.Response:
        """Tell a login that fails from one that says no."""
        status, said = response.status_code, self._said(response)
        if status in BUSY_OR_FAILING:
            raise UnavailableError(f"The login: still {status} after many tries{said}.")
        if status != requests.codes.ok:
            raise CredentialsError(
                f"The login does not accept the credentials: {status}{said}. Check {CLIENT_ID} and "
                f"{CLIENT_SECRET}, that the client's grant type is client credentials, and that "
                "the organization lies in this region."
            )
        return response

    def _said(self, response: requests.Response) -> str:
        """The platform's own words and its reference, without anything secret."""
        if response.ok:
            return ""
        try:
            words = response.json()
            keys = ("message", "error_description", "description", "error")
            message = next(str(words[key]) for key in keys if words.get(key))
        except (ValueError, AttributeError, StopIteration):
            message = ""
        secrets = (
            self._credentials.client_secret,
            self._session.token.get("access_token"),
            str(response.request.headers.get("Authorization", "")).partition(" ")[2],
        )
        for secret in filter(None, secrets):
            message = message.replace(secret, "***")
        message = " ".join(message.split())[:LONGEST_MESSAGE].rstrip(".")
        reference = response.headers.get("ININ-Correlation-Id", "")
        return (f"; the platform says: {message}" if message else "") + (
            f" (correlation id {reference})" if reference else ""
        )


def _is_exhausted(error: requests.RequestException) -> bool:
    """Whether urllib3 has been patient already."""
    return bool(error.args) and isinstance(error.args[0], MaxRetryError)


def _problem(error: requests.RequestException) -> str:
    """What went wrong on the way, in a few words; never the request, which holds the token."""
    cause = error.args[0] if error.args else error
    cause = getattr(cause, "reason", None) or cause
    if isinstance(error, requests.Timeout) or "timed out" in str(cause):
        return "no answer in time"
    if isinstance(error, requests.exceptions.SSLError):
        return "the server's certificate is not accepted"
    return f"the connection failed ({type(cause).__name__})"
