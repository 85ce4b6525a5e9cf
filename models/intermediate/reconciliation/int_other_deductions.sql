with

usage_split as (

    select * from {{ ref('int_usage_split') }}

),

allowances as (

    select * from {{ ref('int_allowances') }}

),

-- What would be taken off the usage instead.
deducted_otherwise as (

    select
        usage_split.org_id,
        usage_split.cycle_start_date,
        usage_split.product_code,
        assumption.reason,
        assumption.reason as assumed,
        case assumption.reason
            when 'commitment_not_deducted'
                then usage_split.measured_quantity - usage_split.included_quantity
            when 'allowance_missed'
                then usage_split.measured_quantity - usage_split.committed_quantity
            when 'allowance_doubled'
                then
                    usage_split.measured_quantity
                    - 2 * usage_split.included_quantity
                    - usage_split.committed_quantity
        end as above_quantity
    from usage_split
    cross join
        unnest(
            ['commitment_not_deducted', 'allowance_missed', 'allowance_doubled']
        ) as assumption (reason)
    where
        if(
            assumption.reason = 'commitment_not_deducted',
            usage_split.committed_quantity > 0,
            usage_split.included_quantity > 0
        )

),

allowed_otherwise as (

    select
        usage_split.org_id,
        usage_split.cycle_start_date,
        usage_split.product_code,
        'other_allowance_basis' as reason,
        basis.assumed,
        usage_split.measured_quantity
        - case basis.assumed
            when 'the committed users alone' then allowances.included_of_committed_quantity
            when 'the actual users alone' then allowances.included_of_actual_quantity
            when 'the figures of named users' then allowances.included_as_named_quantity
        end
        - usage_split.committed_quantity as above_quantity
    from usage_split
    inner join allowances
        on
            usage_split.org_id = allowances.org_id
            and usage_split.cycle_start_date = allowances.cycle_start_date
            and usage_split.product_code = allowances.product_code
    cross join
        unnest([
            'the committed users alone',
            'the actual users alone',
            'the figures of named users'
        ]) as basis (assumed)
    where
        usage_split.included_quantity > 0
        and (
            basis.assumed <> 'the figures of named users'
            or allowances.included_as_named_quantity <> allowances.included_quantity
        )

)

select * from deducted_otherwise
union all
select * from allowed_otherwise
