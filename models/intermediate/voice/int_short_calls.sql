with

calls as (

    select * from {{ ref('calls') }}

),

policies as (

    select * from {{ ref('billing_policies') }}

),

-- Completed outbound calls of the voice cycle; a call of no seconds was not completed
-- (SDC-06, SDC-07).
counted as (

    select
        org_id,
        cycle_start_date,
        count(*)::bigint as completed_calls,
        count(*) filter (where is_short)::bigint as short_calls
    from calls
    where
        direction = 'outbound'
        and service <> 'byoc'
        and duration_seconds > 0
    group by org_id, cycle_start_date

),

-- From the policy's minimum of calls and share of short ones on, all the short ones;
-- exactly that share is enough, or not, by the policy too (SDC-02 to SDC-04, X7).
measured as (

    select
        counted.org_id,
        counted.cycle_start_date,
        counted.completed_calls,
        counted.short_calls,
        {{ divide_half_up('counted.short_calls', 'counted.completed_calls') }}
            as short_share,
        case
            when
                counted.completed_calls >= policies.short_call_minimum_calls
                and (
                    counted.short_calls
                    > policies.short_call_minimum_share * counted.completed_calls
                    or (
                        policies.short_call_share_is_inclusive
                        and counted.short_calls
                        = policies.short_call_minimum_share * counted.completed_calls
                    )
                )
                then counted.short_calls
            else 0
        end as surcharge_quantity
    from counted
    inner join policies
        on
            counted.cycle_start_date >= policies.valid_from
            and counted.cycle_start_date < policies.valid_to

)

select * from measured
