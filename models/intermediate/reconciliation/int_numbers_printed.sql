with

-- What an earlier invoice has says nothing, unless there is nothing else.
printed_lines as (

    select * from {{ ref('int_vendor_lines') }}
    qualify
        not is_billed_again
        or bool_and(is_billed_again) over (partition by org_id, invoice_number)

),

-- Units are printed in one line or in one line each, or a line is there once more. What
-- names no product is found by its amount: it may be renamed.
different_lines as (

    select
        org_id,
        invoice_number,
        invoice_date,
        coalesce(match_code, if(is_tax, description, amount::varchar)) as match_code,
        is_prepay,
        is_tax,
        other_currency,
        description,
        quantity,
        unit_price,
        amount,
        service_period_start,
        is_without_period,
        max(service_period_end) as service_period_end,
        count(*) as printed_lines
    from printed_lines
    group by all

)

select
    org_id,
    invoice_number,
    invoice_date as printed_date,
    match_code,
    is_prepay,
    is_tax,
    other_currency,
    sum(amount * printed_lines)::decimal(28, 4) as amount,
    sum(quantity)::decimal(38, 6) as quantity_of_different_lines,
    sum(quantity * printed_lines)::decimal(38, 6) as quantity,
    coalesce(
        list(distinct unit_price order by unit_price) filter (
            where unit_price is not null
        ),
        []
    ) as unit_prices,
    min(service_period_start) as service_period_start,
    max(service_period_end) as service_period_end,
    bool_and(is_without_period) as is_without_period
from different_lines
group by all
