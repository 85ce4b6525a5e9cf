with

license_usage as (

    select * from {{ ref('int_license_usage') }}

),

allowances as (

    select * from {{ ref('fair_use_allowances') }}

),

hourly_products as (

    select * from {{ ref('hourly_products') }}

),

policies as (

    select * from {{ ref('billing_policies') }}

),

organization_allowances as (

    select * from {{ ref('fair_use_organization_allowances') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

-- What a license or add-on counts with: by default the greatest of committed, prepaid and
-- actual (FU-02); of add-ons the workforce one brings transcription (FU-15). By the hour it
-- includes what its base does in an hour (HOUR-03).
basis as (

    select
        license_usage.org_id,
        license_usage.cycle_start_date,
        coalesce(hourly_products.base_product_code, license_usage.product_code)
            as license_code,
        license_usage.license_model,
        case policies.fair_use_basis
            when 'actual' then license_usage.actual_quantity
            when 'committed' then license_usage.committed_quantity
            else
                greatest(
                    license_usage.committed_quantity,
                    license_usage.prepaid_quantity,
                    license_usage.actual_quantity
                )
        end as quantity,
        license_usage.committed_quantity,
        license_usage.actual_quantity,
        policies.hourly_allowance_divisor
    from license_usage
    inner join policies
        on
            license_usage.cycle_start_date >= policies.valid_from
            and license_usage.cycle_start_date < policies.valid_to
    left join hourly_products
        on license_usage.product_code = hourly_products.product_code

),

-- Times the allowance of the model the license is counted by. Hourly allowances are a 111th
-- of the named one per hour unless they have a figure of their own (FU-05, FU-12):
-- everything is kept times the divisor, and divided once after summing.
license_contributions as (

    select
        basis.org_id,
        basis.cycle_start_date,
        allowances.resource_code as product_code,
        case basis.license_model
            when 'concurrent'
                then allowances.concurrent_quantity * basis.hourly_allowance_divisor
            when 'hourly'
                then coalesce(
                    nullif(allowances.hourly_quantity, 0) * basis.hourly_allowance_divisor,
                    allowances.named_quantity
                )
            else allowances.named_quantity * basis.hourly_allowance_divisor
        end as of_one,
        (basis.quantity * of_one)::decimal(38, 10) as allowance_times_divisor,
        (basis.committed_quantity * of_one)::decimal(38, 10)
            as committed_times_divisor,
        (basis.actual_quantity * of_one)::decimal(38, 10) as actual_times_divisor,
        if(
            basis.license_model = 'concurrent',
            basis.quantity * allowances.named_quantity * basis.hourly_allowance_divisor,
            allowance_times_divisor
        )::decimal(38, 10) as named_times_divisor,
        basis.hourly_allowance_divisor
    from basis
    inner join allowances
        on
            basis.license_code = allowances.license_code
            and basis.cycle_start_date >= allowances.valid_from
            and basis.cycle_start_date < allowances.valid_to

),

-- What the organization includes as a whole (FU-11).
organization_contributions as (

    select
        cycles.org_id,
        cycles.cycle_start_date,
        organization_allowances.resource_code as product_code,
        (case cycles.license_model
            when 'concurrent' then organization_allowances.concurrent_quantity
            else organization_allowances.named_quantity
        end * policies.hourly_allowance_divisor)::decimal(38, 10)
            as allowance_times_divisor,
        allowance_times_divisor as committed_times_divisor,
        allowance_times_divisor as actual_times_divisor,
        (
            organization_allowances.named_quantity * policies.hourly_allowance_divisor
        )::decimal(38, 10) as named_times_divisor,
        policies.hourly_allowance_divisor
    from cycles
    inner join policies
        on
            cycles.cycle_start_date >= policies.valid_from
            and cycles.cycle_start_date < policies.valid_to
    inner join organization_allowances
        on
            cycles.cycle_start_date >= organization_allowances.valid_from
            and cycles.cycle_start_date < organization_allowances.valid_to

),

contributions as (

    select * exclude (of_one) from license_contributions
    union all
    select * from organization_contributions

),

pooled as (

    select
        org_id,
        cycle_start_date,
        product_code,
        {{ divide_half_up(
            'sum(allowance_times_divisor)', 'any_value(hourly_allowance_divisor)'
        ) }} as included_quantity,
        {{ divide_half_up(
            'sum(committed_times_divisor)', 'any_value(hourly_allowance_divisor)'
        ) }} as included_of_committed_quantity,
        {{ divide_half_up(
            'sum(actual_times_divisor)', 'any_value(hourly_allowance_divisor)'
        ) }} as included_of_actual_quantity,
        {{ divide_half_up(
            'sum(named_times_divisor)', 'any_value(hourly_allowance_divisor)'
        ) }} as included_as_named_quantity
    from contributions
    group by org_id, cycle_start_date, product_code

)

select * from pooled
