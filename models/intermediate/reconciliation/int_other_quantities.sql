with

usage_split as (

    select * from {{ ref('int_usage_split') }}

),

usage_by_cycle as (

    select
        org_id,
        cycle_start_date,
        product_code,
        overage_rounding
    from {{ ref('int_usage_by_cycle') }}

),

peaks as (

    select
        peaks.*,
        license_usage.named_users
    from {{ ref('int_peaks') }} as peaks
    inner join {{ ref('int_license_usage') }} as license_usage
        on
            peaks.org_id = license_usage.org_id
            and peaks.cycle_start_date = license_usage.cycle_start_date
            and peaks.pool = license_usage.product_code
            and license_usage.license_model = 'concurrent'

),

-- What is billed as it is delivered: tokens may come from meters too.
resource_quantities as (

    select quantities.*
    from {{ ref('int_resource_quantities') }} as quantities
    semi join usage_split
        on
            quantities.org_id = usage_split.org_id
            and quantities.cycle_start_date = usage_split.cycle_start_date
            and quantities.product_code = usage_split.product_code
            and quantities.used_quantity = usage_split.measured_quantity

),

resource_cuts as (

    select * from {{ ref('int_resource_cuts') }}

),

interactions as (

    select
        org_id,
        cycle_start_date,
        'conversation_' || platform as product_code,
        sum(interactions_count) as quantity
    from {{ ref('conversations') }}
    group by org_id, cycle_start_date, platform

),

-- What would be measured instead, above nothing else than what is billed.
readings as (

    select
        peaks.org_id,
        peaks.cycle_start_date,
        peaks.pool as product_code,
        'other_peak_reading' as reason,
        named.reading as assumed,
        case named.reading
            when 'highest' then peaks.highest_users
            when 'sustained' then peaks.sustained_users
            when 'accumulated' then peaks.accumulated_users
            when 'accumulated_exact' then peaks.accumulated_exact_users
            else peaks.named_users
        end as measured_quantity
    from peaks
    cross join
        unnest([
            'highest',
            'sustained',
            'accumulated',
            'accumulated_exact',
            'all users with a login in the cycle'
        ]) as named (reading)
    where named.reading <> peaks.peak_rule
    union all
    select
        org_id,
        cycle_start_date,
        product_code,
        'summed_storage' as reason,
        'the sum of all days' as assumed,
        summed_quantity as measured_quantity
    from resource_quantities
    where summed_quantity <> used_quantity
    union all
    select
        resource_cuts.org_id,
        resource_cuts.cycle_start_date,
        resource_cuts.product_code,
        'other_cycle_cut' as reason,
        resource_cuts.cut as assumed,
        resource_cuts.cut_quantity as measured_quantity
    from resource_cuts
    semi join resource_quantities
        on
            resource_cuts.org_id = resource_quantities.org_id
            and resource_cuts.cycle_start_date = resource_quantities.cycle_start_date
            and resource_cuts.product_code = resource_quantities.product_code
    union all
    select
        org_id,
        cycle_start_date,
        product_code,
        'interactions_as_conversations' as reason,
        'every interaction' as assumed,
        quantity as measured_quantity
    from interactions

),

measured_otherwise as (

    select
        usage_split.org_id,
        usage_split.cycle_start_date,
        usage_split.product_code,
        readings.reason,
        readings.assumed,
        readings.measured_quantity
        - usage_split.included_quantity
        - usage_split.committed_quantity as above_quantity
    from readings
    inner join usage_split
        on
            readings.org_id = usage_split.org_id
            and readings.cycle_start_date = usage_split.cycle_start_date
            and readings.product_code = usage_split.product_code

),

assumed as (

    select * from measured_otherwise
    union all
    select * from {{ ref('int_other_deductions') }}

)

select
    assumed.org_id,
    assumed.cycle_start_date,
    assumed.product_code,
    assumed.reason,
    assumed.assumed,
    {{ round_overage('assumed.above_quantity', 'usage_by_cycle.overage_rounding') }}
        as quantity
from assumed
inner join usage_by_cycle
    on
        assumed.org_id = usage_by_cycle.org_id
        and assumed.cycle_start_date = usage_by_cycle.cycle_start_date
        and assumed.product_code = usage_by_cycle.product_code
