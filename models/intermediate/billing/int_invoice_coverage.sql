-- The datasets whose end decides whether a cycle is all there, by the end of the cycle on
-- their clock.
{% set counted = {
    'user_presence': 'cycle_end_at',
    'routing_status': 'cycle_end_at',
    'message_interactions': 'cycle_end_at',
    'resource_usage': 'cycle_end_at',
    'voice_usage': 'voice_end_at',
} %}
with

build as (

    select * from {{ ref('int_as_of') }}

),

cycles as (

    select * from {{ ref('int_cycles') }}

),

coverage as (

    select * from {{ ref('int_coverage') }}

),

-- Also where every row of it was rejected.
delivered as (

    select
        org_id,
        dataset
    from {{ ref('stg_landed_files') }}
    where rows_in_file > 0 and is_counted
    union
    select
        org_id,
        dataset
    from coverage
    where basis in ('query', 'report')

),

reach as (

    select
        org_id,
        dataset,
        bool_and(basis = 'observed') as is_only_observed,
        max(covered_to) as covered_to,
        max(last_row_at) as last_row_at
    from coverage
    group by org_id, dataset

),

ends as (

    {% for dataset, cycle_end in counted.items() %}
        select
            org_id,
            cycle_end_date,
            '{{ dataset }}' as dataset,
            {{ loop.index }} as place,
            {{ cycle_end }} as needed_to
        from cycles
        {{ 'union all' if not loop.last }}
    {% endfor %}

),

compared as (

    select
        ends.org_id,
        ends.cycle_end_date,
        ends.dataset,
        ends.place,
        strftime(reach.covered_to, '%Y-%m-%d %H:%M') as covered_to,
        strftime(reach.last_row_at, '%Y-%m-%d %H:%M') as last_row_at,
        coalesce(reach.is_only_observed, false) as is_only_observed,
        coalesce(
            case
                -- A row after the end shows it, and none at or after as-of is seen.
                when reach.is_only_observed
                    then
                        reach.last_row_at >= ends.needed_to
                        and build.as_of_at > ends.needed_to
                else reach.covered_to >= ends.needed_to
            end,
            false
        ) as is_reached
    from ends
    cross join build
    inner join delivered
        on
            ends.org_id = delivered.org_id
            and ends.dataset = delivered.dataset
    left join reach
        on
            ends.org_id = reach.org_id
            and ends.dataset = reach.dataset

),

noted as (

    select
        *,
        dataset || case
            when covered_to is null then ' has no accepted row'
            when is_reached and is_only_observed
                then ' is complete as far as its rows show, to ' || last_row_at
            when is_reached then null
            when is_only_observed
                then ' ends at ' || covered_to || ', its last row is of ' || last_row_at
            else ' ends at ' || covered_to
        end as note
    from compared

)

select
    org_id,
    cycle_end_date as invoice_date,
    bool_and(is_reached) as is_covered,
    string_agg(note, '; ' order by is_reached, place) as coverage_note
from noted
group by org_id, cycle_end_date
