"""What only one random organization has: products of its own, and names of shipped ones."""

from __future__ import annotations

from datetime import timedelta

from oracle import catalogue
from random_orgs import declared
from random_orgs.organization import RandomOrg

# Code, name, kind, unit, aliases.
APP = ("acme_board", "Acme Board", "app", "user", "Acme Board (AppFoundry);Board by Acme")
ADDON = ("acme_coaching", "Acme Coaching", "license_addon", "", "")
RESOURCE = ("acme_minutes", "Acme Minutes", "resource", "minute", "Minutes of Acme")
MESSAGE = ("acme_push", "Acme Push", "messaging", "message", " Push by Acme ; ")
DEVICE = ("acme_lamp", "Acme Lamp", "device", "device", "Busy Light")
ONE_TIME = ("acme_setup", "Acme Setup", "one_time", "piece", "")
OWN = (APP, ADDON, RESOURCE, MESSAGE, DEVICE, ONE_TIME)
# Names that one organization has for a shipped license.
RENAMED = ("cx2", "Contact Seat", "license_addon", "", "Contact Seat Gold;Goldener Platz")


def is_listed(product: str) -> bool:
    """Whether the catalogue lists a product: what it does not list has no price either."""
    return product in catalogue.products()


def write_own_products(org: RandomOrg) -> None:
    """A catalogue of the organization, and its products in use; elsewhere nobody knows them."""
    if not declared.is_declared("product_catalogue"):
        return
    if org.chance(0.6):
        if org.chance(0.2):
            org.add("license_assignments", org.users[0], APP[1], org.first_day, "")
            org.add("resource_usage", org.first_day, RESOURCE[0], 1)
        return
    for own in OWN:
        org.add("product_catalogue", *own)
        if org.chance(0.2):  # renamed by a later file, the old aliases stay
            code, name, kind, unit, _ = own
            org.add("product_catalogue", code, f"{name} II", kind, unit, "", file="b.csv")
    org.add("product_catalogue", *RENAMED)
    org.add("product_catalogue", "acme_wrong", "Wrong", "gadget", "", "Acme Wrong")
    org.products.update(code for code, *_ in OWN)
    use_own_products(org)


def use_own_products(org: RandomOrg) -> None:
    """Apps assigned, resources measured, devices in service, an order."""
    rng = org.rng
    for user in org.users:
        if org.chance(0.3):
            name = rng.choice(("acme_board", "Acme Board", "Board by Acme", "acme_coaching"))
            org.add("license_assignments", user, name, org.day(), "")
        if org.chance(0.2):
            name = rng.choice(("Contact Seat Gold", "goldener platz"))
            org.add("license_assignments", user, name, org.day(), "")
    for _ in range(3):
        name = rng.choice(("acme_minutes", "Minutes of Acme"))
        org.add("resource_usage", org.day(), name, rng.randint(0, 50))
        org.add("resource_usage", org.day(), "Push by Acme", rng.randint(0, 50))
    start = org.day()
    org.add("devices", "lamp-1", "Busy Light", start, start + timedelta(days=40))
    order = (f"{org.org_id}-own", "acme_setup", 1, org.price(), org.day(), "", "false")
    org.add("orders", *order)


def write_wallboards(org: RandomOrg) -> None:
    """LIC-11: accounts of wallboards that nobody logs in with."""
    if not is_listed("wallboard_account"):
        return
    for number in range(org.rng.choice((0, 0, 1, 2, 4))):
        start = org.day()
        end = org.rng.choice(("", start + timedelta(days=org.rng.choice((0, 1, 20)))))
        account = f"{org.org_id}-wall{number}"
        org.products.add("wallboard_account")
        org.add("license_assignments", account, "wallboard_account", start, end)
        if org.chance(0.2):  # again later on
            org.add("license_assignments", account, "wallboard_account", org.day(), "")
