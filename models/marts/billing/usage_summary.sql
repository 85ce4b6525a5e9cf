with

contract_items as (

    select * from {{ ref('int_contract_items') }}

),

split as (

    select * from {{ ref('int_usage_split') }}

),

usage as (

    select
        org_id,
        cycle_start_date,
        product_code,
        measured_quantity as actual_quantity
    from split

),

calls as (

    select
        org_id,
        cycle_start_date,
        product_code,
        quantity as actual_quantity
    from {{ ref('int_charges_telco') }}

),

numbers as (

    select
        org_id,
        cycle_start_date,
        product_code,
        sum(quantity) as actual_quantity
    from {{ ref('int_charges_numbers') }}
    group by org_id, cycle_start_date, product_code

),

sources as (

    select * from usage
    union all
    select * from calls
    union all
    select * from numbers

),

-- A product committed and measured apart, like numbers, comes from two sources.
measured as (

    select
        org_id,
        cycle_start_date,
        product_code,
        sum(actual_quantity)::decimal(38, 6) as actual_quantity
    from sources
    group by org_id, cycle_start_date, product_code

),

products as (

    {{ products_by_organization('measured') }}

),

-- What the cycle itself was charged on any invoice. A prepaid year is charged apart.
charged as (

    select
        invoice_lines.org_id,
        cycles.cycle_start_date,
        invoice_lines.product_code,
        sum(invoice_lines.amount) as amount
    from {{ ref('invoice_lines') }} as invoice_lines
    inner join {{ ref('int_cycles') }} as cycles
        on
            invoice_lines.org_id = cycles.org_id
            and invoice_lines.service_period_start = cycles.cycle_start_date
            and invoice_lines.service_period_end = cycles.cycle_end_date
    where invoice_lines.charge_type <> 'tax'
    group by
        invoice_lines.org_id, cycles.cycle_start_date, invoice_lines.product_code

)

-- Commitment and overage as the contract has them, in ramp cycles too (INV-13).
select
    measured.org_id,
    measured.cycle_start_date,
    measured.product_code,
    products.family,
    coalesce(split.contract_committed_quantity, 0)::decimal(38, 6) as committed_quantity,
    measured.actual_quantity::decimal(38, 6) as actual_quantity,
    -- Calls and numbers have neither allowance nor commitment.
    (
        coalesce(split.overage_quantity, 0)
        + measured.actual_quantity - coalesce(split.measured_quantity, 0)
    )::decimal(38, 6) as overage_quantity,
    contract_items.prepay_rate,
    contract_items.overage_rate,
    coalesce(charged.amount, 0)::decimal(28, 4) as amount
from measured
inner join products
    on
        measured.org_id = products.org_id
        and measured.product_code = products.product_code
left join split
    on
        measured.org_id = split.org_id
        and measured.cycle_start_date = split.cycle_start_date
        and measured.product_code = split.product_code
left join contract_items
    on
        measured.org_id = contract_items.org_id
        and measured.cycle_start_date = contract_items.cycle_start_date
        and measured.product_code = contract_items.product_code
left join charged
    on
        measured.org_id = charged.org_id
        and measured.cycle_start_date = charged.cycle_start_date
        and measured.product_code = charged.product_code
where measured.actual_quantity > 0 or split.contract_committed_quantity > 0
