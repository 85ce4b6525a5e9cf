with

build as (

    select * from {{ ref('int_as_of') }}

),

computed as (

    select * from {{ ref('int_invoice_lines') }}

),

sealed_lines as (

    select * from {{ ref('int_sealed_lines') }}
    where entry = 'sealed'

),

-- What is sealed stays as it is; what today's data says otherwise is a correction.
open_lines as (

    select
        computed.*,
        null::varchar as corrected_line_id,
        null::date as corrected_invoice_date
    from computed
    anti join sealed_lines
        on
            computed.org_id = sealed_lines.org_id
            and computed.invoice_date = sealed_lines.invoice_date
    union all by name
    select
        corrections.*,
        case
            when build.as_of_date > corrections.invoice_date then 'final' else 'accruing'
        end as invoice_status
    from {{ ref('int_corrections') }} as corrections
    cross join build

),

lines as (

    select
        *,
        quantity as recomputed_quantity,
        amount as recomputed_amount
    from open_lines
    union all by name
    select
        sealed_lines.*,
        'sealed' as invoice_status,
        case
            when sealed_lines.charge_type = 'correction' then sealed_lines.quantity
            else coalesce(computed.quantity, 0)
        end as recomputed_quantity,
        case
            when sealed_lines.charge_type = 'correction' then sealed_lines.amount
            else coalesce(computed.amount, 0)
        end as recomputed_amount
    from sealed_lines
    left join computed
        on
            sealed_lines.org_id = computed.org_id
            and sealed_lines.invoice_line_id = computed.invoice_line_id
            and sealed_lines.currency = computed.currency

)

select
    invoice_line_id,
    org_id || '-' || invoice_date as invoice_id,
    org_id,
    invoice_date,
    section,
    product_code,
    description,
    charge_type,
    service_period_start,
    service_period_end,
    quantity::decimal(38, 6) as quantity,
    unit_of_measure,
    unit_price,
    amount::decimal(28, 4) as amount,
    currency,
    is_waived,
    waiver_reason,
    invoice_status,
    corrected_line_id,
    corrected_invoice_date,
    recomputed_quantity::decimal(38, 6) as recomputed_quantity,
    recomputed_amount::decimal(28, 4) as recomputed_amount
from lines
