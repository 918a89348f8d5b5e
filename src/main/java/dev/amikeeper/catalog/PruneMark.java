package dev.amikeeper.catalog;

import dev.amikeeper.image.Region;

/**
 * What a pruning run saw of a policy in a Region, for the next run to compare with.
 *
 * @param selected how many instances the policy selected there
 * @param listed how many of AMI Keeper's images, of all policies, EC2 still listed there at the end
 */
public record PruneMark(String policy, Region region, int selected, int listed) {}
