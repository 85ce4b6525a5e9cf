"""The vendor's invoices of random organizations, right or with planted faults, in many layouts.

`draw.draw_vendor_invoices` prints what the vendor bills of one organization: the lines that the
oracle expects, with up to three faults (`faults_of_*`), then arranged in one or more layouts
(`layouts_*`). Each fault says what must be found of it: a reason (or those that fit as well), the
product, the amount. `inbox.write_inbox` writes whole organizations with such invoices. Nothing
here knows how the warehouse compares invoices: it is written from what is promised of it.
"""
