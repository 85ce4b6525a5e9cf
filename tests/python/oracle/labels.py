"""Names as screens, exports and the platform's API write them: presences, platforms, licenses.

They are compared without regard to case, blanks and punctuation (NAME-01, NAME-02). Where
interface and rulebook leave a choice, this is what the oracle does:

1. A presence that nobody knows is its text in upper case, a platform its letters and digits.
2. The platform's ids of licenses are names in `license_assignments`, not on contracts or invoices.
3. An account of a phone platform is a phone number if it has digits and no letters; any other
   stays as it is.
4. A license that is known and not billed stays what was delivered; whoever holds it is no user
   without a license.
"""

from __future__ import annotations

PRESENCES = {
    *("AVAILABLE", "AWAY", "BUSY", "OFFLINE", "IDLE", "ON_QUEUE"),
    *("MEAL", "TRAINING", "MEETING", "BREAK"),
}
OFFLINE = (
    "Offline",
    "Sin conexi\N{LATIN SMALL LETTER O WITH ACUTE}n",
    "Desconectado",
    "Hors ligne",
    "Non in linea",
    "\u30aa\u30d5\u30e9\u30a4\u30f3",
)
PLATFORM_NAMES = {
    "Facebook Messenger": "facebook",
    "WhatsApp Messaging": "whatsapp",
    "X": "twitter",
    "X (Twitter)": "twitter",
    "Apple Messages for Business": "apple",
    "Open Messaging": "open",
    "Instagram Direct": "instagram",
}
LICENSE_IDS = {
    **{f"cloudCX{level}": f"cx{level}" for level in range(1, 5)},
    "gc1WEMupgrade": "cx1_wem_addon",
    "gc2WEMupgrade": "cx2_wem_addon",
    "gcSTAupgrade": "sta_addon",
    "collaboratePro": "collaborate",
}
NOT_BILLED = ("predictiveEngagementLicense",)
PHONE_PLATFORMS = {"whatsapp", "sms"}
CASELESS_PLATFORMS = {"twitter", "instagram"}
NO_CONVERSATIONS = "sms"


def bare(text: str) -> str:
    """A name without case, blanks and punctuation, in any script."""
    return "".join(letter for letter in text.casefold() if letter.isalnum())


BARE_PRESENCES = {
    **{bare(name): name for name in PRESENCES},
    **{bare(name): "OFFLINE" for name in OFFLINE},
}
BARE_PLATFORMS = {bare(name): platform for name, platform in PLATFORM_NAMES.items()}
BARE_LICENSES = {bare(name): product for name, product in LICENSE_IDS.items()}
BARE_NOT_BILLED = {bare(name) for name in NOT_BILLED}


def read_presence(text: str) -> str:
    """A system presence by any of its names."""
    return BARE_PRESENCES.get(bare(text), text.upper())


def read_phone(text: str) -> str:
    """A number of the organization by its digits, however an export punctuates it."""
    if any(letter.isalpha() for letter in text):
        return text
    return "".join(letter for letter in text if letter.isdigit()) or text


def read_account(platform: str, text: str) -> str:
    """CONV-06 (vii): phone numbers are their digits, handles lose case where nobody minds it."""
    if platform in PHONE_PLATFORMS:
        return read_phone(text)
    return text.lower() if platform in CASELESS_PLATFORMS else text


def is_not_billed(name: str) -> bool:
    """NAME-01: whether a license is known and not billed."""
    return bare(name) in BARE_NOT_BILLED
