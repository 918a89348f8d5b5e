package dev.amikeeper.sweep;

import dev.amikeeper.Measures;

import java.util.List;

/** The counts of a sweep, while it runs. */
final class SweepCounts {
    int kicked;
    int givenUp;
    int done;
    int gone;
    int slow;
    int found;
    int adopted;
    int returned;
    int foreign;
    int uncopied;
    int switched;
    int unfinished;
    int unshared;
    int withdrawn;
    int beyond;
    int publicImages;
    int keys;
    int litter;
    int orphans;
    int lateSlots;
    int requests;
    int leases;
    int failed;
    int unreadable;
    int unswept;

    SweepReport report(boolean dryRun, List<Measures> protection) {
        return new SweepReport(
                kicked,
                givenUp,
                done,
                gone,
                slow,
                found,
                adopted,
                returned,
                foreign,
                uncopied,
                switched,
                unfinished,
                unshared,
                withdrawn,
                beyond,
                publicImages,
                keys,
                litter,
                orphans,
                lateSlots,
                requests,
                leases,
                failed,
                unreadable,
                unswept,
                0,
                dryRun,
                protection);
    }
}
