package dev.amikeeper.alerts;

import dev.amikeeper.image.Region;

import java.util.SortedMap;
import java.util.stream.Collectors;

/** Texts about policies that are no longer in the file. Pure. */
public final class LostPolicies {
    /** What people can do about such a policy. */
    public static final String TO_DO =
            "write its name under \"formerly\" of the policy whose rules should"
                    + " apply to them, or put the policy back; ./keeper deregister removes a"
                    + " single image";

    private LostPolicies() {}

    /** Describes such a policy in one line. */
    public static String text(String policy, SortedMap<Region, Integer> images) {
        int all = images.values().stream().mapToInt(Integer::intValue).sum();
        return all == 0
                ? "policy %s is no longer in the policy file and has no images".formatted(policy)
                : "policy %s is no longer in the policy file: its %d images in %s stay, and no rule removes them"
                        .formatted(
                                policy,
                                all,
                                images.keySet().stream()
                                        .map(Region::name)
                                        .collect(Collectors.joining(", ")));
    }
}
