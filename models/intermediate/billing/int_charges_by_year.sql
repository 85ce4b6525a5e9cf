with

contracts as (

    select * from {{ ref('int_contracts') }}

),

term_cycles as (

    select * from {{ ref('int_term_cycles') }}

),

products as (

    {{ products_by_organization('contracts') }}
    where products.can_be_committed

),

-- The first commitment of a year and every raise, for the cycles left in it (INV-05).
charged as (

    select
        prepaid_years.*,
        charged_date as invoice_date,
        prepaid_quantity * cycles_count as quantity,
        null::varchar as detail
    from {{ ref('int_prepaid_years') }} as prepaid_years

),

-- A successor's first invoice gives back, charge by charge, the cycles that never begin.
given_back as (

    select
        charged.org_id,
        charged.contract_id,
        charged.product_code,
        charged.prepay_rate,
        -charged.prepaid_quantity as prepaid_quantity,
        contracts.next_effective_date as invoice_date,
        term_cycles.cycle_start_date as service_period_start,
        charged.service_period_end,
        -charged.prepaid_quantity * term_cycles.cycles_left as quantity,
        'given back, charged ' || charged.charged_date as detail
    from charged
    inner join contracts
        on
            charged.org_id = contracts.org_id
            and charged.contract_id = contracts.contract_id
    inner join term_cycles
        on
            charged.org_id = term_cycles.org_id
            and charged.contract_id = term_cycles.contract_id
            and charged.year_number = term_cycles.year_number
            and charged.service_period_start <= term_cycles.cycle_start_date
            and contracts.next_effective_date <= term_cycles.cycle_start_date
    -- The first of them.
    qualify
        row_number() over (
            partition by
                charged.org_id,
                charged.contract_id,
                charged.product_code,
                charged.charged_date
            order by term_cycles.cycle_start_date
        ) = 1

),

lines as (

    select * from charged
    union all by name
    select * from given_back

)

select
    lines.org_id,
    lines.contract_id,
    lines.product_code,
    'prepay' as charge_type,
    lines.invoice_date,
    lines.service_period_start,
    lines.service_period_end,
    lines.prepaid_quantity,
    lines.quantity,
    lines.prepay_rate as unit_price,
    lines.detail
from lines
semi join products
    on
        lines.org_id = products.org_id
        and lines.product_code = products.product_code
