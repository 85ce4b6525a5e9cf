with

vendor_lines as (

    select * from {{ ref('int_vendor_lines_dated') }}

),

expected_lines as (

    select * from {{ ref('int_expected_lines') }}

),

matches as (

    select * from {{ ref('int_line_matches') }}

),

-- A service split U.S. / International is compared as a whole if the sums agree. If not, it
-- is compared part by part where the call records distinguish the parts: not on Inbound,
-- which may include toll-free calls (TELCO-02).
matched as (

    select
        vendor_lines.*,
        matches.expected_line_id,
        coalesce(
            vendor_lines.is_split
            and expected_lines.product_code <> 'telco_inbound'
            and vendor_lines.amount_of_all_parts <> expected_lines.amount,
            false
        ) as is_compared_by_part
    from vendor_lines
    left join matches
        on vendor_lines.vendor_line_id = matches.vendor_line_id
    left join expected_lines
        on matches.expected_line_id = expected_lines.expected_line_id

)

-- Parts that cannot be distinguished: the earlier ones are taken as invoiced, the last one
-- is compared with the rest of our line.
select
    coalesce(matched.vendor_line_id, expected_lines.expected_line_id)
        as reconciliation_id,
    coalesce(matched.org_id, expected_lines.org_id) as org_id,
    matched.invoice_number,
    coalesce(matched.invoice_date, expected_lines.invoice_date) as invoice_date,
    coalesce(expected_lines.product_code, matched.product_code, 'unclassified')
        as product_code,
    coalesce(expected_lines.charge_type, matched.charge_type) as charge_type,
    expected_lines.invoice_date as expected_invoice_date,
    coalesce(matched.is_prepay, expected_lines.is_prepay) as is_prepay,
    coalesce(matched.service_period_start, expected_lines.service_period_start)
        as service_period_start,
    coalesce(matched.service_period_end, expected_lines.service_period_end)
        as service_period_end,
    coalesce(matched.description, expected_lines.description) as description,
    matched.vendor_line_id is not null as is_invoiced,
    expected_lines.expected_line_id is not null as is_expected,
    coalesce(matched.kind = 'call', false) as is_call,
    {% for measure in ['quantity', 'amount'] %}
        matched.{{ measure }} as invoiced_{{ measure }},
        case
            when expected_lines.expected_line_id is null then null
            when matched.is_compared_by_part and matched.breakout = 'international'
                then expected_lines.international_{{ measure }}
            when matched.is_compared_by_part
                then
                    expected_lines.{{ measure }}
                    - expected_lines.international_{{ measure }}
            when matched.is_earlier_part then matched.{{ measure }}
            when matched.kind = 'call'
                then expected_lines.{{ measure }} - matched.{{ measure }}_of_earlier_parts
            else expected_lines.{{ measure }}
        end::decimal({{ '38, 6' if measure == 'quantity' else '28, 4' }})
            as expected_{{ measure }},
    {% endfor %}
    matched.unit_price as invoiced_price,
    expected_lines.unit_price as expected_price,
    matched.currency as invoiced_currency,
    expected_lines.currency as expected_currency,
    coalesce(expected_lines.is_waived, false) as is_waived
from matched
full outer join expected_lines
    on matched.expected_line_id = expected_lines.expected_line_id
