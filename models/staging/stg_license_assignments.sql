with

landed as (

    {{ landed_rows('license_assignments', dates=['assigned_from', 'assigned_to']) }}

),

-- Products by the hour are what designated users count as, never assigned.
product_names as (

    select * from {{ ref('product_names') }}
    where
        kind in ('license', 'addon', 'account', 'designation')
        and is_hourly_product is not true

),

-- Licenses of the platform that nobody is billed for (NAME-01).
not_billed as (

    select distinct {{ product_name_key('license_id') }} as name_key
    from {{ ref('platform_licenses') }}
    where product_code is null

),

-- A snapshot without users has no rows, but its file knows its day.
snapshots as (

    select
        org_id,
        snapshot_date
    from landed
    where withdrawn_at is null
    union
    select
        max(decode(value)) filter (where decode(key) = 'org_id') as org_id,
        max(decode(value)) filter (where decode(key) = 'snapshot_date')
            as snapshot_date
    from {{ source('lake', 'landed_files') }}
    group by file_name
    having
        max(decode(value)) filter (where decode(key) = 'dataset')
        = 'license_assignments'
        and count(*) filter (where decode(key) = 'withdrawn_at') = 0
        and regexp_extract(file_name, '([0-9a-f]+)\.parquet$', 1) not in (
            {{ split_answer_files('license_assignments') }}
        )

),

-- A snapshot says who holds what on its day; it is valid until the day of the next one.
-- A day may come in several files, as the platform pages its answers.
snapshot_days as (

    select
        org_id,
        {{ utc_date('snapshot_date') }} as snapshot_day,
        lead(snapshot_day) over (
            partition by org_id order by snapshot_day
        ) as next_snapshot_day
    from snapshots
    where snapshot_date is not null
    group by org_id, snapshot_day

),

typed as (

    select
        {{ provenance() }},
        landed.user_id,
        coalesce(
            {{ product_named() }},
            if(not_billed.name_key is not null, landed.license, null)
        ) as product_code,
        {{ product_named() }} is not null as is_billed,
        {{ utc_date('landed.assigned_from') }} as assigned_from,
        coalesce(
            {{ exclusive_end_date('landed.assigned_to') }},
            snapshot_days.next_snapshot_day
        ) as assigned_to
    from landed
    {{ join_product_names('landed.license') }}
    left join not_billed
        on {{ product_name_key('landed.license') }} = not_billed.name_key
    left join snapshot_days
        on
            landed.org_id = snapshot_days.org_id
            and {{ utc_date('landed.snapshot_date') }} = snapshot_days.snapshot_day

),

checked as (

    select
        * exclude (raw, parse_error),
        {{ rejection([
            ('missing_value', missing(['user_id', 'license', 'assigned_from'])),
            ('unknown_value', names_of_objects(['user_id'])),
            ('not_a_timestamp', unreadable(['assigned_from', 'assigned_to'])),
            ('unknown_license', {'license': 'product_code is null'}),
            ('end_before_start', {'assigned_to': 'assigned_to < assigned_from'}),
        ]) }}
    from typed

)

select
    *,
    {{ row_status(['user_id', 'product_code', 'assigned_from']) }} as row_status
from checked
