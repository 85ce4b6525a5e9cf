with

license_usage as (

    select * from {{ ref('license_usage') }}

),

allowances as (

    select * from {{ ref('fair_use_allowances') }}

),

policies as (

    select * from {{ ref('billing_policies') }}

),

-- Per license the greater of commitment and actual (FU-02), times the allowance of the
-- model it is counted by. Hourly allowances are a 111th of the named one per hour (FU-05):
-- everything is kept times the divisor, and divided once after summing.
contributions as (

    select
        license_usage.org_id,
        license_usage.cycle_start_date,
        allowances.resource_code as product_code,
        greatest(
            license_usage.committed_quantity, license_usage.actual_quantity
        )
        * case license_usage.license_model
            when 'concurrent' then allowances.concurrent_quantity
            else allowances.named_quantity
        end
        * case license_usage.license_model
            when 'hourly' then 1
            else policies.hourly_allowance_divisor
        end as allowance_times_divisor,
        policies.hourly_allowance_divisor
    from license_usage
    inner join allowances
        on license_usage.product_code = allowances.license_code
    inner join policies
        on
            license_usage.cycle_start_date >= policies.valid_from
            and license_usage.cycle_start_date < policies.valid_to

),

pooled as (

    select
        org_id,
        cycle_start_date,
        product_code,
        {{ divide_half_up(
            'sum(allowance_times_divisor)', 'any_value(hourly_allowance_divisor)'
        ) }} as included_quantity
    from contributions
    group by org_id, cycle_start_date, product_code

)

select * from pooled
