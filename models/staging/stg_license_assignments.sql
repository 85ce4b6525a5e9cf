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

-- A snapshot tells who holds what on its day; it stands until the day of the next one.
-- A day may come in several files, as the platform pages its answers.
snapshot_days as (

    select
        org_id,
        {{ utc_date('snapshot_date') }} as snapshot_day,
        lead(snapshot_day) over (
            partition by org_id order by snapshot_day
        ) as next_snapshot_day
    from landed
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
            and product_names.kind in ('license', 'addon')
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
