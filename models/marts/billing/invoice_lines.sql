with

lines as (

    select * from {{ ref('int_invoice_charges') }}
    union all by name
    select * from {{ ref('int_minimum_charges') }}
    union all by name
    select * from {{ ref('int_invoice_taxes') }}

),

build as (

    select * from {{ ref('int_as_of') }}

)

select
    concat_ws(
        '/',
        lines.org_id || '-' || lines.invoice_date,
        lines.charge_type,
        lines.product_code,
        lines.service_period_start,
        lines.detail
    ) as invoice_line_id,
    lines.org_id || '-' || lines.invoice_date as invoice_id,
    lines.org_id,
    lines.invoice_date,
    lines.section,
    lines.product_code,
    lines.description,
    lines.charge_type,
    lines.service_period_start,
    lines.service_period_end,
    lines.quantity,
    lines.unit_of_measure,
    lines.unit_price,
    lines.amount,
    lines.currency,
    lines.is_waived,
    lines.waiver_reason,
    -- Final once the voice cycle of the invoice, which ends at 07:00 on its date, is over.
    case
        when build.as_of_date > lines.invoice_date then 'final' else 'accruing'
    end as invoice_status
from lines
cross join build
