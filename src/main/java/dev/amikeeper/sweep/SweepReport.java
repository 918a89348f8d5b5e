package dev.amikeeper.sweep;

import dev.amikeeper.Counts;
import dev.amikeeper.FunctionReport;
import dev.amikeeper.Measures;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * What differed, and how the sweep ended. Nearly every difference comes from a lost event, a lost
 * kick, a crash, or a person. A change made just before the sweep counts, too.
 */
public final class SweepReport extends FunctionReport<SweepReport.SweepCount> {
    /** What is counted. */
    public enum SweepCount {
        /** Regions where images or copies wait and could be started. */
        KICKED,

        /** Images and copies that waited too long. */
        GIVEN_UP,

        /** Images that EC2 had finished, unnoticed. */
        DONE,

        /** Images that somebody deregistered, unnoticed. */
        GONE,

        /**
         * Images that EC2 has been creating for very long, and copies that have not been started
         * for long.
         */
        SLOW,

        /** Images that had been given up but exist. */
        FOUND,

        /** Images that the catalogue did not know. */
        ADOPTED,

        /** Images that had been removed and are back. */
        RETURNED,

        /** AMIs that have our tags and another name; left alone. */
        FOREIGN,

        /** Copies that nobody had requested. */
        UNCOPIED,

        /** Images that somebody disabled or enabled, unnoticed. */
        SWITCHED,

        /** Removals, and returns from them, that were half done. */
        UNFINISHED,

        /** Images that were not shared as their policy says. */
        UNSHARED,

        /** Images whose launch permissions, given by us, others revoked. */
        WITHDRAWN,

        /** Images that are shared beyond their policy; left alone. */
        BEYOND,

        /** Images that anybody may launch; left alone. */
        PUBLIC_IMAGES,

        /** Images and copies that failed in EC2, unnoticed, because a KMS key cannot be used. */
        KEYS,

        /** Snapshots that their image's removal overlooked. */
        LITTER,

        /** Snapshots of ours that belong to no image and are not ours to delete. */
        ORPHANS,

        /** Slots that no tick had taken. */
        LATE_SLOTS,

        /** Requests on instances whose event was lost. */
        REQUESTS,

        /** Instances of drills that should have been gone. */
        LEASES,

        /** Gaps that could not be closed now; the next sweep tries again. */
        FAILED,

        /** Regions that could not be read. */
        UNREADABLE,

        /**
         * Policies and Regions for which there was no time, or not enough for all gaps; the next
         * sweep goes on with them.
         */
        UNSWEPT,

        /** 1 if the event could not be understood. */
        MALFORMED
    }

    private final boolean dryRun;
    private final List<Measures> protection;

    SweepReport(Counts<SweepCount> counts, boolean dryRun, List<Measures> protection) {
        super(counts, details(dryRun, protection));
        this.dryRun = dryRun;
        this.protection = List.copyOf(protection);
    }

    /** Whether this was a dry run, which changes nothing. */
    public boolean dryRun() {
        return dryRun;
    }

    /** How well the instances of each policy are protected in each Region that was swept. */
    public List<Measures> protection() {
        return protection;
    }

    private static Map<String, Object> details(boolean dryRun, List<Measures> protection) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("dryRun", dryRun);
        details.put("protection", List.copyOf(protection));
        return details;
    }
}
