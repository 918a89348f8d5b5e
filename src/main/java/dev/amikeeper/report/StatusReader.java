package dev.amikeeper.report;

import dev.amikeeper.alerts.Announcements;
import dev.amikeeper.alerts.FormerRegions;
import dev.amikeeper.alerts.LostPolicies;
import dev.amikeeper.alerts.Unreadables;
import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.ec2.Fault;
import dev.amikeeper.ec2.Instances;
import dev.amikeeper.image.Image;
import dev.amikeeper.image.ImageId;
import dev.amikeeper.image.ImageState;
import dev.amikeeper.image.Instance;
import dev.amikeeper.image.InstanceId;
import dev.amikeeper.image.LivingInstance;
import dev.amikeeper.image.Region;
import dev.amikeeper.image.Restore;
import dev.amikeeper.image.Texts;
import dev.amikeeper.policy.Policies;
import dev.amikeeper.report.StatusReport.Lost;
import dev.amikeeper.report.StatusReport.StatusLine;
import dev.amikeeper.report.StatusReport.UnreadRegion;
import dev.amikeeper.status.Standing;
import dev.amikeeper.status.Standing.Level;
import dev.amikeeper.status.Status;

import software.amazon.awssdk.core.exception.SdkException;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BinaryOperator;
import java.util.function.Function;
import java.util.stream.Collectors;

/** Reads the status of the instances. Changes nothing. */
public final class StatusReader {
    private final Policies policies;
    private final Set<String> policyNames;
    private final Catalog catalog;
    private final Instances instances;
    private final Announcements announcements;

    /**
     * Reads from these sources.
     *
     * @param policyNames the policies of the file, and those that are no longer in it
     */
    public StatusReader(
            Policies policies,
            Set<String> policyNames,
            Catalog catalog,
            Instances instances,
            Announcements announcements) {
        this.policies = policies;
        this.policyNames = policyNames;
        this.catalog = catalog;
        this.instances = instances;
        this.announcements = announcements;
    }

    /**
     * Reads everything and determines the status.
     *
     * @param only limits it to this policy's instances
     */
    public StatusReport read(Optional<String> only, Instant now) {
        Map<Region, List<LivingInstance>> servers = new TreeMap<>();
        List<UnreadRegion> unread = new ArrayList<>();
        for (Region region : regions(only)) {
            try {
                servers.put(region, instances.living(region));
            } catch (SdkException error) {
                unread.add(new UnreadRegion(region.name(), Fault.text(error)));
            }
        }
        Status all =
                Status.of(
                        policies,
                        servers,
                        (name, region) -> Optional.of(catalog.ofPolicy(name, region)),
                        now);
        Status status = only.map(policies::nameOf).map(all::of).orElse(all);
        return new StatusReport(
                now.toString(),
                status.protectedOnes(),
                status.late(),
                status.waiting(),
                status.unprotected().size(),
                lines(status, tries()),
                unread,
                new Unreadables(catalog).lines(),
                announcements.unheard().orElse(""),
                former(only),
                lost(only));
    }

    /** A policy that is requested by name is shown even if it has no images. */
    private List<Lost> lost(Optional<String> only) {
        return policyNames.stream()
                .filter(name -> policies.find(name).isEmpty())
                .filter(name -> only.map(name::equals).orElse(true))
                .map(this::lost)
                .filter(lost -> lost.images() > 0 || only.isPresent())
                .toList();
    }

    private Lost lost(String name) {
        Set<Region> regions = new TreeSet<>(catalog.bookmarks().regions());
        regions.addAll(policies.regions());
        SortedMap<Region, Integer> images = new TreeMap<>();
        int snapshots = 0;
        for (Region region : regions) {
            for (Image image : catalog.ofPolicy(name, region)) {
                if (image.state() != ImageState.FAILED) {
                    images.merge(region, 1, Integer::sum);
                    snapshots += image.volumes();
                }
            }
        }
        return new Lost(
                name,
                images.values().stream().mapToInt(Integer::intValue).sum(),
                snapshots,
                images.keySet().stream().map(Region::name).toList(),
                LostPolicies.text(name, images),
                LostPolicies.TO_DO);
    }

    private List<String> former(Optional<String> only) {
        Set<Region> regions = new TreeSet<>(catalog.bookmarks().regions());
        return policies.all().stream()
                .filter(policy -> only.map(policy.allNames()::contains).orElse(true))
                .flatMap(policy ->
                        regions.stream()
                                .filter(region -> !policy.replicate().containsKey(region))
                                .flatMap(region ->
                                        FormerRegions.line(
                                                policy,
                                                region,
                                                catalog.ofPolicy(policy.allNames(), region))
                                                .stream()))
                .toList();
    }

    /**
     * The Regions to read, including DR Regions, where a restored server may run without a policy.
     */
    private Iterable<Region> regions(Optional<String> only) {
        return only.flatMap(policies::find)
                .map(policy -> policy.select().regions())
                .orElseGet(() -> List.copyOf(policies.regions()));
    }

    /** The last finished restore or drill of each instance in each Region. */
    private Map<Place, Restore> tries() {
        return policyNames.stream()
                .flatMap(policy -> catalog.restores(policy).stream())
                .filter(restore -> restore.kind() != Restore.RestoreKind.REPLACE_ROOT)
                .filter(restore -> restore.ended().isPresent())
                .collect(
                        Collectors.toMap(
                                restore -> new Place(restore.of().instance(), restore.region()),
                                Function.identity(),
                                BinaryOperator.maxBy(Comparator.comparing(Restore::asked))));
    }

    private record Place(InstanceId instance, Region region) {}

    /** Broken promises first, then instances without a policy, then the others. */
    private static List<StatusLine> lines(Status status, Map<Place, Restore> tries) {
        List<StatusLine> lines = new ArrayList<>();
        status.standings().stream()
                .filter(it -> it.level() == Level.LATE)
                .map(it -> line(it, tries))
                .forEach(lines::add);
        status.unprotected().stream().map(StatusReader::line).forEach(lines::add);
        status.standings().stream()
                .filter(it -> it.level() != Level.LATE)
                .map(it -> line(it, tries))
                .forEach(lines::add);
        return lines;
    }

    private static StatusLine line(Standing standing, Map<Place, Restore> tries) {
        Instance instance = standing.server().instance();
        Optional<Restore> tried =
                Optional.ofNullable(tries.get(new Place(instance.id(), standing.region())));
        return new StatusLine(
                standing.level().name().toLowerCase(Locale.ROOT),
                instance.id().value(),
                name(instance),
                instance.state(),
                standing.policy(),
                standing.region().name(),
                standing.newest().map(image -> image.name().slot().toString()).orElse(""),
                standing.newest().flatMap(Image::id).map(ImageId::value).orElse(""),
                standing.newest().map(_ -> standing.exposed().toSeconds()).orElse(null),
                standing.next().map(Object::toString).orElse(""),
                standing.breach().map(Object::toString).orElse(""),
                tried.map(restore -> restore.asked().toString()).orElse(""),
                tried.map(StatusReader::passed).orElse(false),
                tried.flatMap(Restore::took).map(Duration::toSeconds).orElse(null),
                standing.remark());
    }

    /** Whether it passed; the status says of all others that they failed. */
    private static boolean passed(Restore tried) {
        return switch (tried.outcome()) {
            case PASSED -> true;
            case FAILED, UNDER_WAY -> false;
        };
    }

    private static StatusLine line(Status.Unprotected bare) {
        Instance instance = bare.server().instance();
        return new StatusLine(
                "unprotected",
                instance.id().value(),
                name(instance),
                instance.state(),
                "",
                instance.region().name(),
                "",
                "",
                null,
                "",
                "",
                "",
                false,
                null,
                bare.why());
    }

    private static String name(Instance instance) {
        return Texts.plain(instance.tags().getOrDefault("Name", ""));
    }
}
