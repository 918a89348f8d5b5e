package dev.amikeeper.catalog;

import dev.amikeeper.image.Region;

/**
 * What a run of pruning saw of a policy in a Region, for the next one to compare with.
 *
 * @param selected how many instances the policy selected there
 * @param listed how many images of ours EC2 still listed there in the end, of all policies
 */
public record PruneMark(String policy, Region region, int selected, int listed) {}
