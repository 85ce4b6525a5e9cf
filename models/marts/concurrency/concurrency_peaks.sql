with

peaks as (

    select * from {{ ref('int_peaks') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

license_terms as (

    select * from {{ ref('int_license_terms') }}

),

pools as (

    {{ concurrency_pools() }}

)

select
    peaks.org_id,
    peaks.cycle_start_date,
    peaks.pool,
    peaks.highest_users,
    peaks.sustained_users,
    peaks.accumulated_users,
    peaks.accumulated_exact_users,
    peaks.peak_rule,
    peaks.billable_users,
    peaks.peak_started_at,
    peaks.peak_ended_at,
    coalesce(license_terms.license_model, cycles.license_model) as license_model,
    coalesce(license_terms.license_model, cycles.license_model)
    = 'concurrent' as is_billed_by_peak
from peaks
inner join pools
    on
        peaks.pool = pools.pool
        and (pools.org_id is null or peaks.org_id = pools.org_id)
inner join cycles
    on
        peaks.org_id = cycles.org_id
        and peaks.cycle_start_date = cycles.cycle_start_date
left join license_terms
    on
        cycles.org_id = license_terms.org_id
        and cycles.contract_id = license_terms.contract_id
        and peaks.pool = license_terms.product_code
