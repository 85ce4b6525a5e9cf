with

lines as (

    select * from {{ ref('int_invoice_charges') }}

),

prepaid_years as (

    select * from {{ ref('int_charges_by_year') }}

),

products as (

    select * from {{ ref('int_products') }}
    where product_code = 'minimum_monthly_amount'

),

core_sections as (

    select * from {{ ref('invoice_sections') }}
    where counts_toward_minimum

),

-- There is no minimum in the ramp (INV-10).
cycles as (

    select
        cycles.org_id,
        cycles.contract_id,
        cycles.cycle_start_date,
        cycles.cycle_end_date,
        cycles.billing_option,
        cycles.currency,
        cycles.minor_units,
        {{ round_money(
            'cycles.minimum_monthly_amount', 'cycles.minor_units'
        ) }} as minimum_amount
    from {{ ref('int_cycles') }} as cycles
    where cycles.phase = 'term' and cycles.minimum_monthly_amount is not null

),

core_lines as (

    select
        cycles.org_id,
        cycles.cycle_start_date,
        {{ invoice_line_id('lines') }} as invoice_line_id,
        lines.amount
    from cycles
    inner join lines
        on
            cycles.org_id = lines.org_id
            and cycles.contract_id = lines.contract_id
            and cycles.cycle_start_date = lines.service_period_start
            and cycles.cycle_end_date = lines.service_period_end
    semi join core_sections
        on lines.section = core_sections.section
    where
        not (cycles.billing_option = 'annual_prepay' and lines.charge_type = 'prepay')

),

-- Of a prepaid year every cycle that starts in it counts one month.
prepaid_months as (

    select
        cycles.org_id,
        cycles.cycle_start_date,
        {{ invoice_line_id('prepaid_years') }} as invoice_line_id,
        {{ round_money(
            'prepaid_years.prepaid_quantity * prepaid_years.unit_price',
            'cycles.minor_units'
        ) }} as amount
    from cycles
    inner join prepaid_years
        on
            cycles.org_id = prepaid_years.org_id
            and cycles.contract_id = prepaid_years.contract_id
            and cycles.cycle_start_date >= prepaid_years.service_period_start
            and cycles.cycle_start_date < prepaid_years.service_period_end

),

counted as (

    select * from core_lines
    union all
    select * from prepaid_months

),

core_amounts as (

    select
        org_id,
        cycle_start_date,
        sum(amount) as amount,
        list({
            'invoice_line_id': invoice_line_id, 'amount': amount
        } order by invoice_line_id) filter (where amount <> 0) as counted_lines
    from counted
    group by org_id, cycle_start_date

),

shortfalls as (

    select
        cycles.*,
        coalesce(core_amounts.amount, 0)::decimal(28, 4) as counted_amount,
        greatest(cycles.minimum_amount - counted_amount, 0)::decimal(28, 4) as amount,
        core_amounts.counted_lines
    from cycles
    left join core_amounts
        on
            cycles.org_id = core_amounts.org_id
            and cycles.cycle_start_date = core_amounts.cycle_start_date

)

-- What a cycle lacks is invoiced after it, like what is above the commitment (INV-09); a
-- cycle that lacks nothing has no line, and the vendor may bill one.
select
    shortfalls.org_id,
    shortfalls.contract_id,
    shortfalls.cycle_end_date as invoice_date,
    products.section,
    products.product_code,
    products.invoice_name as description,
    products.arrears_charge_type as charge_type,
    shortfalls.cycle_start_date as service_period_start,
    shortfalls.cycle_end_date as service_period_end,
    1::decimal(38, 6) as quantity,
    products.unit_of_measure,
    shortfalls.amount::decimal(28, 10) as unit_price,
    shortfalls.amount,
    shortfalls.minimum_amount,
    shortfalls.counted_amount,
    shortfalls.counted_lines,
    shortfalls.currency,
    false as is_waived,
    null::varchar as waiver_reason,
    null::varchar as detail
from shortfalls
inner join products
    on products.org_id is null or shortfalls.org_id = products.org_id
