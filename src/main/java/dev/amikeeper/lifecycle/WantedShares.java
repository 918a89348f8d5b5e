package dev.amikeeper.lifecycle;

import static java.util.stream.Collectors.toCollection;

import dev.amikeeper.ec2.ImageReads;
import dev.amikeeper.image.Image;
import dev.amikeeper.policy.Policy;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Who is to be allowed what of an image: those whom its policy names, and those who had it before
 * it was disabled, everybody excepted. Pure.
 *
 * @param launch account ids, ARNs of organisations and their units
 * @param copy account ids; who may create volumes from its snapshots
 */
public record WantedShares(Set<String> launch, Set<String> copy) {
    public WantedShares {
        launch = Set.copyOf(launch);
        copy = Set.copyOf(copy);
    }

    /** What is wanted of this image; of a policy that is not in the file, what there is stays. */
    static WantedShares of(Image image, Optional<Policy> policy) {
        Set<String> launch = new LinkedHashSet<>(image.leaving().permissions());
        launch.remove(ImageReads.EVERYBODY);
        policy.map(Policy::share).map(Policy.ShareRules::all).ifPresent(launch::addAll);
        return new WantedShares(
                launch,
                Set.copyOf(
                        policy.map(it -> it.share().copiers()).orElse(image.sharing().copiers())));
    }

    /**
     * Whether an image is not shared as it is to be, and trying again may mend that: it lacks
     * something that EC2 may take, or others have more.
     *
     * @param policy empty if it is no longer in the file
     * @param refusing whom EC2 is known to refuse
     */
    public static boolean differs(Image image, Optional<Policy> policy, Set<String> refusing) {
        WantedShares wanted = of(image, policy);
        boolean lacksAll =
                !image.leaving().permissions().isEmpty()
                        || (!wanted.launch.isEmpty() && !image.shared());
        boolean lacksSome =
                image.sharing().refused().stream()
                        .anyMatch(who -> wanted.launch.contains(who) && !refusing.contains(who));
        return lacksAll
                || lacksSome
                || !wanted.copiers(image.sharing().refused()).equals(had(image));
    }

    /** Those who may create volumes, but for these. */
    Set<String> copiers(List<String> without) {
        return copy.stream()
                .filter(who -> !without.contains(who))
                .collect(toCollection(LinkedHashSet::new));
    }

    private static Set<String> had(Image image) {
        return Set.copyOf(image.sharing().copiers());
    }
}
