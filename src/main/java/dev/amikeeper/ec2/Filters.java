package dev.amikeeper.ec2;

import software.amazon.awssdk.services.ec2.model.Filter;

import java.util.Collection;

/** Filters of EC2's reads: any of the values matches. */
public final class Filters {
    private Filters() {}

    public static Filter anyOf(String name, Collection<String> values) {
        return Filter.builder().name(name).values(values).build();
    }
}
