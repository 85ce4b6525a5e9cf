"""Small random organizations that hit the boundaries of the rules on purpose.

`inbox.write_inbox(folder, orgs, seed)` writes their raw files; the same seed gives the same bytes.
The vendor's invoices and reports among them (`vendor`) are made of the oracle's own bill, with
planted differences. `project` is the dbt project with random seeds; `shrink` makes an organization
on which warehouse and oracle differ as small as it can be.
"""
