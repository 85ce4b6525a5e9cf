with

vendor_lines as (

    select * from {{ ref('int_vendor_lines_matched') }}

),

expected_lines as (

    select * from {{ ref('int_expected_lines') }}

),

parts as (

    select * from {{ ref('int_telco_parts') }}

)

-- On product, charge and service period, never on the date of the invoice. Of a telco row
-- in parts that we cannot tell apart, the last is held against what the others leave.
select
    coalesce(vendor_lines.vendor_line_id, expected_lines.expected_line_id)
        as reconciliation_id,
    coalesce(vendor_lines.org_id, expected_lines.org_id) as org_id,
    vendor_lines.invoice_number,
    coalesce(vendor_lines.invoice_date, expected_lines.invoice_date) as invoice_date,
    coalesce(expected_lines.product_code, vendor_lines.product_code, 'unclassified')
        as product_code,
    coalesce(expected_lines.charge_type, vendor_lines.charge_type) as charge_type,
    expected_lines.invoice_date as expected_invoice_date,
    coalesce(vendor_lines.is_prepay, expected_lines.is_prepay) as is_prepay,
    coalesce(vendor_lines.service_period_start, expected_lines.service_period_start)
        as service_period_start,
    coalesce(vendor_lines.service_period_end, expected_lines.service_period_end)
        as service_period_end,
    coalesce(vendor_lines.description, expected_lines.description) as description,
    vendor_lines.vendor_line_id is not null as is_invoiced,
    expected_lines.expected_line_id is not null as is_expected,
    coalesce(vendor_lines.kind = 'call', false) as is_call,
    vendor_lines.quantity as invoiced_quantity,
    case
        when expected_lines.expected_line_id is null then null
        when parts.vendor_line_id is not null then parts.expected_quantity
        when vendor_lines.is_earlier_part then vendor_lines.quantity
        when vendor_lines.kind = 'call'
            then expected_lines.quantity - vendor_lines.earlier_quantity
        else expected_lines.quantity
    end::decimal(38, 6) as expected_quantity,
    vendor_lines.unit_price as invoiced_price,
    expected_lines.unit_price as expected_price,
    vendor_lines.amount as invoiced_amount,
    case
        when expected_lines.expected_line_id is null then null
        when parts.vendor_line_id is not null then parts.expected_amount
        when vendor_lines.is_earlier_part then vendor_lines.amount
        when vendor_lines.kind = 'call'
            then expected_lines.amount - vendor_lines.earlier_amount
        else expected_lines.amount
    end::decimal(28, 4) as expected_amount,
    vendor_lines.currency as invoiced_currency,
    expected_lines.currency as expected_currency,
    coalesce(expected_lines.is_waived, false) as is_waived
from vendor_lines
full outer join expected_lines
    on vendor_lines.expected_line_id = expected_lines.expected_line_id
left join parts
    on vendor_lines.vendor_line_id = parts.vendor_line_id
