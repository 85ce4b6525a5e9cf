with

landed as (

    select
        *,
        lake_rows as as_landed
    from {{ source('lake', 'license_assignments') }} as lake_rows

),

product_names as (

    select * from {{ ref('product_names') }}

),

footer_facts as (

    select
        file_name,
        decode(key) as fact,
        decode(value) as fact_value
    from {{ source('lake', 'landed_files') }}

),

-- A snapshot that names nobody has no rows, but its file knows its day.
snapshot_files as (

    select
        max(fact_value) filter (where fact = 'org_id') as org_id,
        max(fact_value) filter (where fact = 'snapshot_date') as snapshot_date
    from footer_facts
    group by file_name
    having max(fact_value) filter (where fact = 'dataset') = 'license_assignments'

),

snapshots as (

    select
        org_id,
        snapshot_date
    from landed
    union
    select
        org_id,
        snapshot_date
    from snapshot_files

),

-- A snapshot tells who holds what on its day; it stands until the day of the next one.
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
        landed.org_id,
        landed.file_id,
        landed.source_file,
        landed.source_row,
        landed.landed_at,
        landed.parse_error,
        {{ cleaned('landed.user_id') }} as user_id,
        product_names.product_code,
        {{ utc_date('landed.assigned_from') }} as assigned_from,
        coalesce(
            {{ exclusive_end_date('landed.assigned_to') }},
            snapshot_days.next_snapshot_day
        ) as assigned_to,
        landed.as_landed
    from landed
    left join product_names
        on
            {{ product_name_key('landed.license') }} = product_names.name_key
            -- Products by the hour are what designated users count as, never assigned.
            and product_names.kind in ('license', 'addon', 'designation')
            and product_names.is_hourly_product is not true
    left join snapshot_days
        on
            landed.org_id = snapshot_days.org_id
            and {{ utc_date('landed.snapshot_date') }} = snapshot_days.snapshot_day

),

judged as (

    select
        *,
        case
            when parse_error is not null then parse_error
            when
                {{ cleaned('as_landed.user_id') }} is null
                or {{ cleaned('as_landed.license') }} is null
                or {{ cleaned('as_landed.assigned_from') }} is null then 'missing_value'
            when
                (
                    assigned_from is null
                    and {{ cleaned('as_landed.assigned_from') }} is not null
                )
                or (
                    assigned_to is null
                    and {{ cleaned('as_landed.assigned_to') }} is not null
                )
                then 'not_a_timestamp'
            when product_code is null then 'unknown_license'
            when assigned_to < assigned_from then 'end_before_start'
        end as reject_reason
    from typed

),

settled as (

    select
        org_id,
        file_id,
        source_file,
        source_row,
        landed_at,
        user_id,
        product_code,
        assigned_from,
        assigned_to,
        reject_reason,
        {{ row_status(['user_id', 'product_code', 'assigned_from']) }} as row_status
    from judged

)

select * from settled
