"""What must be true of `invoice_line_evidence`: queries that find what breaks a claim.

They hold evidence against other marts, which the oracle confirms value by value: who was on at a
peak against its readings, calls against their count, hours and days against the usage.
"""

from __future__ import annotations

OF_LINES = """
with evidence as (
    select
        evidence.*,
        lines.product_code, lines.charge_type, lines.service_period_start as cycle_start_date,
        lines.org_id as line_org_id, lines.is_waived, lines.quantity as line_quantity,
        lines.amount as line_amount, currencies.minor_units
    from marts.invoice_line_evidence as evidence
    inner join marts.invoice_lines as lines using (invoice_line_id)
    inner join reference.currencies as currencies using (currency)
)
"""
# Of these each row has its own amount; the others share that of the line.
PRICED = """(
    'call', 'rounding', 'contract', 'allowance', 'commitment', 'billed_apart', 'correction',
    'changed_since_sealed'
)"""

CLAIMS = {
    "every line rests on something that sums to it": """
        select lines.invoice_line_id
        from marts.invoice_lines as lines
        left join marts.invoice_line_evidence as evidence using (invoice_line_id)
        group by lines.invoice_line_id, lines.amount, lines.quantity
        having sum(evidence.amount) is distinct from lines.amount
            or sum(evidence.quantity) is distinct from lines.quantity
    """,
    "evidence_id tells rows apart": """
        select evidence_id from marts.invoice_line_evidence
        group by evidence_id having count(*) > 1
    """,
    "no column but the times is null, and the organization is the line's": """
        select evidence_id from evidence
        where org_id <> line_org_id or kind is null or evidence_key is null
            or quantity is null or amount is null
    """,
    "a call is a call of the organization and cycle": """
        select evidence_id from evidence
        anti join marts.calls
            on evidence_key = call_id and evidence.org_id = calls.org_id
            and evidence.cycle_start_date = calls.cycle_start_date
            and evidence.started_at = calls.started_at
        where kind = 'call'
    """,
    "a telco line has each call of its service with its cost": """
        select telco.org_id, telco.cycle_start_date, telco.service
        from marts.telco_reconciliation as telco
        inner join evidence
            on telco.org_id = evidence.org_id
            and telco.cycle_start_date = evidence.cycle_start_date
            and 'telco_' || telco.service = evidence.product_code
            and evidence.kind = 'call'
        group by telco.org_id, telco.cycle_start_date, telco.service
        having count(*) <> max(telco.calls_count) or sum(evidence.amount) <> max(telco.cdr_cost)
    """,
    "a conversation is one of the platform in the cycle": """
        select evidence_id from evidence
        anti join marts.conversations
            on evidence_key = conversation_key and evidence.org_id = conversations.org_id
            and evidence.cycle_start_date = conversations.cycle_start_date
            and evidence.product_code = 'conversation_' || platform
        where kind = 'conversation'
    """,
    "a user is billable for the product in the cycle, since the first login": """
        select evidence_id from evidence
        anti join marts.billable_users as users
            on evidence_key = users.user_id and evidence.org_id = users.org_id
            and evidence.cycle_start_date = users.cycle_start_date
            and evidence.product_code = users.product_code
            and (kind = 'peak_user' or evidence.started_at = users.first_billable_login_at)
        where kind in ('user', 'user_hours', 'peak_user')
    """,
    "licenses by heads and at the peak have as many users": """
        select evidence.invoice_line_id
        from evidence
        inner join marts.license_usage as usage
            on evidence.org_id = usage.org_id
            and evidence.cycle_start_date = usage.cycle_start_date
            and evidence.product_code = usage.product_code
        where charge_type in ('usage', 'overage')
        group by evidence.invoice_line_id
        having count(*) filter (where kind in ('user', 'peak_user'))
            <> max(case license_model
                when 'named' then named_users when 'concurrent' then peak_users else 0
            end)
    """,
    "the users of a peak were on at its witness, which lies in its stretch": """
        select peak.invoice_line_id
        from evidence as peak
        inner join marts.concurrency_peaks as peaks
            on peak.org_id = peaks.org_id
            and peak.cycle_start_date = peaks.cycle_start_date
            and peak.evidence_key = peaks.pool
        left join evidence as users
            on peak.invoice_line_id = users.invoice_line_id
            and users.kind = 'peak_user'
            and users.started_at <= peak.started_at
            and users.ended_at >= peak.ended_at
        where peak.kind = 'peak'
        group by all
        having count(users.evidence_id) <> max(peaks.billable_users)
            or max(peak.started_at) < max(peaks.peak_started_at)
            or max(peak.ended_at) > max(peaks.peak_ended_at)
            or max(peak.started_at) >= max(peak.ended_at)
    """,
    "every line billed by a peak has its witness": """
        select invoice_line_id
        from evidence
        where kind = 'peak_user'
        group by invoice_line_id
        having invoice_line_id not in (
            select invoice_line_id from evidence where kind = 'peak'
        )
    """,
    "the days of a resource are what was used of it": """
        select evidence.invoice_line_id
        from evidence
        inner join marts.resource_usage as usage
            on evidence.org_id = usage.org_id
            and evidence.cycle_start_date = usage.cycle_start_date
            and evidence.product_code = usage.product_code
        where kind = 'resource_day' and evidence.product_code <> 'ai_tokens'
        group by evidence.invoice_line_id
        having abs(sum(evidence.quantity) - max(usage.used_quantity)) > 0.00005
            or bool_or(
                try_cast(evidence.evidence_key as date) < evidence.cycle_start_date
                or evidence.started_at <> try_cast(evidence.evidence_key as timestamp)
            )
    """,
    "a line that others rest on is one of the organization": """
        select evidence_id from evidence
        anti join marts.invoice_lines as others
            on evidence_key = others.invoice_line_id and evidence.org_id = others.org_id
        where kind = 'line'
    """,
    "a tax rests on lines of its own invoice": """
        select evidence_id from evidence
        inner join marts.invoice_lines as others
            on evidence_key = others.invoice_line_id
        where evidence.charge_type = 'tax'
            and (
                not starts_with(evidence.invoice_line_id, others.invoice_id || '/')
                or evidence.quantity <> others.amount
            )
    """,
    # What is less than a unit may be one to six decimals: 166 of 165.0000003.
    "rounding adds less than a unit, or than half a minor unit to calls": """
        select evidence_id from evidence
        where kind = 'rounding'
            and not quantity between -0.001 and 1
            or kind = 'rounding' and abs(amount) * power(10, minor_units) > 0.5
    """,
    "what is taken off is negative and has no amount": """
        select evidence_id from evidence
        where kind in ('allowance', 'commitment', 'billed_apart')
            and (quantity >= 0 or amount <> 0)
    """,
    "nothing of a waived line is charged": """
        select evidence_id from evidence where is_waived and amount <> 0
    """,
    "shares are whole minor units, less than one from their part by quantity": f"""
        select evidence_id
        from (
            select *, sum(quantity) over (partition by invoice_line_id) as quantities
            from evidence
            where kind not in {PRICED} or kind = 'call' and charge_type = 'surcharge'
        )
        where product_code <> 'minimum_monthly_amount'
            and (
                amount <> case minor_units
                    when 0 then round(amount, 0)::decimal(38, 10)
                    when 2 then round(amount, 2)::decimal(38, 10)
                    else round(amount, 3)::decimal(38, 10)
                end
                or abs(amount * quantities - line_amount * quantity)
                >= abs(quantities) * case minor_units when 0 then 1 when 2 then 0.01 else 0.001 end
            )
    """,
}


def what_breaks(connection, claim: str) -> list[tuple]:
    """The rows that break a claim."""
    rows: list[tuple] = connection.execute(OF_LINES + CLAIMS[claim]).fetchall()
    return rows


def broken_claims(connection) -> dict[str, list[tuple]]:
    """What breaks each claim."""
    return {claim: what_breaks(connection, claim) for claim in CLAIMS}
