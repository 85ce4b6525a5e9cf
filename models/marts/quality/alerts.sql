-- `cx-billing build` adds the final invoices that it changed: what they were is in another
-- file, the build before.
with

build as (

    select * from {{ ref('int_as_of') }}

),

limits as (

    select * from {{ ref('alert_limits') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

split as (

    select * from {{ ref('int_usage_split') }}

),

peaks as (

    select * from {{ ref('concurrency_peaks') }}
    where is_billed_by_peak

),

-- What the ramp waives costs nothing, and commits to nothing (RAMP-01, RAMP-03).
measured as (

    select
        org_id,
        cycle_start_date,
        product_code,
        'usage_passes_allowance' as alert,
        measured_quantity as figure,
        included_quantity as limit_figure
    from split
    where not is_waived and included_quantity > 0
    union all
    select
        split.org_id,
        split.cycle_start_date,
        split.product_code,
        if(
            peaks.pool is not null and split.billable_overage_quantity > 0,
            'peak_above_commitment',
            'usage_passes_commitment'
        ) as alert,
        split.measured_quantity - split.included_quantity as figure,
        split.committed_quantity as limit_figure
    from split
    left join peaks
        on
            split.org_id = peaks.org_id
            and split.cycle_start_date = peaks.cycle_start_date
            and split.product_code = peaks.pool
    where split.committed_quantity > 0

),

-- Of several levels the highest that is passed.
passed as (

    select
        measured.*,
        limits.level
    from measured
    inner join limits
        on
            measured.alert = limits.alert
            and measured.figure * 100 > limits.level * measured.limit_figure
    qualify
        row_number() over (
            partition by
                measured.org_id,
                measured.cycle_start_date,
                measured.product_code,
                measured.alert
            order by limits.level desc
        ) = 1

),

told as (

    select
        passed.*,
        cycles.usage_through_at as seen_at,
        peaks.peak_started_at as began_at,
        null::timestamp as counts_at,
        passed.level::varchar as told_by,
        case passed.alert
            when 'peak_above_commitment'
                then
                    'the billed peak of ' || passed.product_code || ' is '
                    || {{ plain_number('passed.figure') }} || ', above the '
                    || {{ plain_number('passed.limit_figure') }} || ' committed'
            else
                passed.product_code || ' is at ' || {{ plain_number('passed.figure') }}
                || ', more than '
                || if(passed.level = 100, 'the ', passed.level || ' % of the ')
                || {{ plain_number('passed.limit_figure') }}
                || if(passed.alert = 'usage_passes_allowance', ' included', ' committed')
        end || ', in the cycle from ' || passed.cycle_start_date as says
    from passed
    inner join cycles
        on
            passed.org_id = cycles.org_id
            and passed.cycle_start_date = cycles.cycle_start_date
    left join peaks
        on
            passed.org_id = peaks.org_id
            and passed.cycle_start_date = peaks.cycle_start_date
            and passed.product_code = peaks.pool
            and passed.alert = 'peak_above_commitment'
    union all by name
    select
        org_id,
        cycle_start_date,
        product_code,
        'peak_forming' as alert,
        minutes_before as level,  -- noqa: RF04
        peak_users as figure,
        paid_users as limit_figure,
        data_end_at as seen_at,
        started_at as began_at,
        counts_at,
        replace(started_at::varchar, ' ', 'T') as told_by,
        if(
            peak_rule = 'sustained',
            product_code || ' has ' || users_count || ' users on at '
            || strftime(data_end_at, '%Y-%m-%d %H:%M') || ' UTC, '
            || {{ plain_number('paid_users') }}
            || ' are paid for; a peak of ' || peak_users
            || ' counts at ' || strftime(counts_at, '%H:%M') || ' if they stay',
            product_code || ' has had up to ' || peak_users || ' users on by '
            || strftime(data_end_at, '%Y-%m-%d %H:%M') || ' UTC, '
            || {{ plain_number('paid_users') }}
            || ' are paid for; a higher peak counts after '
            || datediff('minute', data_end_at, counts_at) || ' more minutes of it'
        ) || ', in the cycle from ' || cycle_start_date as says
    from {{ ref('int_peaks_forming') }}

),

kept as (

    select
        alert,
        max(days_kept) as days_kept
    from limits
    group by alert

)

select
    concat_ws(
        '/', told.org_id, told.cycle_start_date, told.alert, told.product_code, told.told_by
    ) as alert_id,
    told.org_id,
    told.cycle_start_date,
    told.alert,
    told.product_code,
    told.level,
    told.figure::decimal(38, 6) as figure,
    told.limit_figure::decimal(38, 6) as limit_figure,
    told.seen_at,
    told.began_at,
    told.counts_at,
    told.org_id || ': ' || told.says as message
from told
inner join cycles
    on
        told.org_id = cycles.org_id
        and told.cycle_start_date = cycles.cycle_start_date
inner join kept
    on told.alert = kept.alert
cross join build
where build.as_of_date <= cycles.cycle_end_date + kept.days_kept
