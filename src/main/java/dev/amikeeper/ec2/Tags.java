package dev.amikeeper.ec2;

import software.amazon.awssdk.services.ec2.model.ResourceType;
import software.amazon.awssdk.services.ec2.model.Tag;
import software.amazon.awssdk.services.ec2.model.TagSpecification;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Tags in the form of EC2's calls. */
final class Tags {
    private Tags() {}

    static List<Tag> list(Map<String, String> tags) {
        return tags.entrySet().stream()
                .map(tag -> Tag.builder().key(tag.getKey()).value(tag.getValue()).build())
                .toList();
    }

    static TagSpecification on(ResourceType type, Map<String, String> tags) {
        return TagSpecification.builder().resourceType(type).tags(list(tags)).build();
    }

    static List<TagSpecification> onBoth(Map<String, String> tags) {
        return Stream.of(ResourceType.IMAGE, ResourceType.SNAPSHOT)
                .map(type -> on(type, tags))
                .toList();
    }
}
