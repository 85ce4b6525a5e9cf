with

contracts as (

    select * from {{ ref('int_contracts__in_force') }}
    where billing_option = 'annual_prepay'

),

contract_items as (

    select contract_items.*
    from {{ ref('stg_contract_items') }} as contract_items
    inner join {{ ref('int_products__used') }} as products
        on contract_items.product_code = products.product_code
    where contract_items.row_status = 'accepted' and products.can_be_committed

),

build as (

    select * from {{ ref('int_build__as_of') }}

),

-- Year n of the term starts 12 (n - 1) months after its first day, counted from that day.
-- The first one is invoiced when the order is placed, the others when they start (INV-05).
term_years as (

    select
        contracts.org_id,
        contracts.contract_id,
        contracts.effective_date,
        contracts.term_start_date,
        contracts.term_end_date,
        contracts.in_force_to,
        unnest(
            generate_series(
                0,
                greatest(
                    0,
                    datediff('year', contracts.term_start_date, build.as_of_date)
                )
            )
        ) as years_before
    from contracts
    cross join build

),

-- The whole months of the year that lie in the term: a shorter last year has fewer.
term_months as (

    select
        term_years.*,
        unnest(generate_series(1, 12)) as month_of_year
    from term_years

),

service_years as (

    select
        org_id,
        contract_id,
        in_force_to,
        effective_date,
        case
            when years_before = 0 then effective_date
            else (term_start_date + years_before * interval 12 month)::date
        end as invoice_date,
        (term_start_date + years_before * interval 12 month)::date
            as service_period_start,
        count(*) filter (
            where
            (
                term_start_date
                + (years_before * 12 + month_of_year) * interval 1 month
            )::date
            <= coalesce(term_end_date, '9999-12-31'::date)
        ) as months,
        (term_start_date + (years_before * 12 + months) * interval 1 month)::date
            as service_period_end
    from term_months
    group by
        org_id,
        contract_id,
        in_force_to,
        effective_date,
        term_start_date,
        term_end_date,
        years_before

),

-- The commitment in force when the year starts.
items_in_force as (

    select
        service_years.*,
        contract_items.product_code,
        contract_items.committed_quantity,
        contract_items.prepay_rate
    from service_years
    inner join contract_items
        on
            service_years.org_id = contract_items.org_id
            and service_years.contract_id = contract_items.contract_id
            and service_years.service_period_start
            >= coalesce(contract_items.effective_from, service_years.effective_date)
            and service_years.service_period_start
            < coalesce(contract_items.effective_to, '9999-12-31'::date)
    qualify
        row_number() over (
            partition by
                service_years.org_id,
                service_years.contract_id,
                service_years.service_period_start,
                contract_items.product_code
            order by
                coalesce(
                    contract_items.effective_from, service_years.effective_date
                ) desc,
                contract_items.landed_at desc,
                contract_items.source_row desc
        ) = 1

)

select
    items_in_force.org_id,
    items_in_force.contract_id,
    items_in_force.product_code,
    'prepay' as charge_type,
    items_in_force.invoice_date,
    items_in_force.service_period_start,
    items_in_force.service_period_end,
    items_in_force.committed_quantity * items_in_force.months as quantity,
    items_in_force.prepay_rate as unit_price
from items_in_force
cross join build
where
    items_in_force.invoice_date < build.as_of_date
    and items_in_force.invoice_date < items_in_force.in_force_to
