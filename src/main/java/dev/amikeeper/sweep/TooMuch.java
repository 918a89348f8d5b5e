package dev.amikeeper.sweep;

import dev.amikeeper.catalog.Catalog;
import dev.amikeeper.catalog.Notice;
import dev.amikeeper.catalog.Trouble;
import dev.amikeeper.image.LivingInstance;
import dev.amikeeper.image.Region;
import dev.amikeeper.policy.Policies;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.time.Instant;
import java.time.YearMonth;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;

/**
 * Tells people when the policies ask for more than EC2 allows, with the numbers that the sweep has
 * read anyway. A quota may have been raised, which only EC2 knows, so this is no trouble that
 * lasts: people are told once a month.
 */
final class TooMuch {
    private static final Logger log = LoggerFactory.getLogger(TooMuch.class);

    private final Catalog catalog;
    private final Policies policies;
    private final Instant now;

    TooMuch(Catalog catalog, Policies policies, Instant now) {
        this.catalog = catalog;
        this.policies = policies;
        this.now = now;
    }

    /**
     * Compares, in the first sweep of a day only: for policies without rules it looks at years of
     * slots, and little changes within a day.
     */
    void tell(Map<Region, List<LivingInstance>> servers) {
        if (Drift.sweep(now) % Drift.SWEEPS_A_DAY != 0) {
            return;
        }
        YearMonth month = YearMonth.from(now.atZone(ZoneOffset.UTC));
        for (Fit.Misfit misfit : Fit.of(policies, servers).misfits()) {
            String key = misfit.limit().word() + "/" + month;
            Notice notice =
                    Notice.event(
                            Trouble.FIT.in(misfit.region(), key),
                            now,
                            misfit.text(),
                            misfit.remedy());
            if (catalog.note(notice)) {
                log.warn("{}", misfit.text());
            }
        }
    }
}
