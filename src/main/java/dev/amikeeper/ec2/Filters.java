package dev.amikeeper.ec2;

import java.util.Collection;
import software.amazon.awssdk.services.ec2.model.Filter;

/** Filters of EC2's reads: any of the values matches. */
final class Filters {
    private Filters() {}

    static Filter anyOf(String name, Collection<String> values) {
        return Filter.builder().name(name).values(values).build();
    }
}
