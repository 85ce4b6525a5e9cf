with

figures as (

    select * from {{ ref('int_group_figures') }}

),

answers as (

    select * from {{ ref('int_invoice_answers') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

sections as (

    select
        kinds.kind,
        sections.counts_toward_minimum
    from {{ ref('product_kinds') }} as kinds
    inner join {{ ref('invoice_sections') }} as sections
        on kinds.section = sections.section

),

contract_items as (

    select * from {{ ref('int_contract_items') }}

)

-- The cycle whose arrears the invoice bills. A product we have no line of is priced as the
-- contract has it.
select
    figures.org_id,
    figures.invoice_number,
    figures.group_id,
    figures.group_product,
    figures.charge,
    figures.kind,
    figures.is_tax,
    figures.is_waived,
    figures.charge_type,
    figures.product_code,
    figures.printed_description,
    figures.repeated_description,
    figures.printed_start,
    figures.printed_end,
    figures.expected_start,
    figures.expected_end,
    figures.printed_lines,
    figures.printed_compared_lines,
    figures.printed_amount,
    figures.printed_currency,
    figures.printed_quantity,
    figures.printed_compared_amount,
    figures.printed_price,
    figures.is_price_derived,
    figures.printed_us_amount,
    figures.printed_international_amount,
    figures.expected_lines,
    figures.expected_compared_lines,
    figures.whole_quantity,
    figures.expected_amount,
    figures.expected_currency,
    figures.expected_quantity,
    figures.expected_compared_amount,
    coalesce(
        figures.expected_price,
        case
            when figures.expected_lines > 0 then null
            when figures.charge = 'prepay' then contract_items.prepay_rate
            else contract_items.overage_rate
        end
    )::decimal(28, 10) as expected_price,
    figures.expected_us_amount,
    figures.expected_international_amount,
    figures.repeated_amount,
    figures.repeated_sum,
    figures.variance_amount,
    figures.extra_amount,
    figures.first_invoice_number,
    answers.expected_invoice_date,
    cycles.cycle_start_date,
    cycles.cycle_end_date - cycles.cycle_start_date as cycle_days,
    coalesce(currencies.minor_units, 2) as minor_units,
    -- What the difference of the lines that count toward a minimum sums to (INV-14).
    coalesce(
        sum(figures.variance_amount) filter (
            where sections.counts_toward_minimum and figures.kind <> 'minimum'
        ) over (partition by figures.org_id, figures.invoice_number), 0
    ) as counted_variance,
    coalesce(
        greatest(
            date_diff('month', figures.printed_start, figures.printed_end + 2), 1
        ), 1
    ) as printed_cycles,
    coalesce(
        figures.charge_type in ('prepay', 'committed', 'recurring')
        and coalesce(figures.kind, '') <> 'minimum',
        false
    ) as is_fee
from figures
left join answers
    on
        figures.org_id = answers.org_id
        and figures.invoice_number = answers.invoice_number
left join cycles
    on
        answers.org_id = cycles.org_id
        and answers.expected_invoice_date = cycles.cycle_end_date
left join {{ ref('currencies') }} as currencies
    on
        coalesce(figures.expected_currency, cycles.currency, figures.printed_currency)
        = currencies.currency
left join sections
    on figures.kind = sections.kind
left join contract_items
    on
        cycles.org_id = contract_items.org_id
        and cycles.cycle_start_date = contract_items.cycle_start_date
        and figures.product_code = contract_items.product_code
where not figures.is_tax
